//! Every family that is served. `docs/metrics.md` explains them, and a test holds it to this.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text::encode};
use prometheus_client::registry::Registry;

use super::sheet::{Latencies, Sheet};
use super::usage::Usage;
use crate::clock::Timestamp;
use crate::config::Algorithm;
use crate::flows::signing_keys::State;
use crate::flows::take_stock::Stock;
use crate::measures::LoginOutcome;
use crate::vestibule::Vestibule;

/// One moment of an instance.
#[derive(Debug)]
struct Picture {
    vestibule: Vestibule,
    stock: Option<Stock>,
    now: Timestamp,
}

/// All of them, as text.
pub(super) fn text(
    vestibule: &Vestibule,
    stock: Option<&Stock>,
    now: Timestamp,
) -> Result<String, fmt::Error> {
    let (mut registry, mut text) = (Registry::default(), String::new());
    let picture = Picture { vestibule: vestibule.clone(), stock: stock.cloned(), now };
    registry.register_collector(Box::new(picture));
    encode(&mut text, &registry)?;
    Ok(text)
}

impl Collector for Picture {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut sheet = Sheet(encoder);
        self.requests(&mut sheet)?;
        self.sign_ins(&mut sheet)?;
        self.tokens(&mut sheet)?;
        self.keys(&mut sheet)?;
        self.mail(&mut sheet)?;
        self.database(&mut sheet)?;
        self.house(&mut sheet)
    }
}

impl Picture {
    fn requests(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let routes = self.vestibule.measures.routes();
        let counts = routes.iter().flat_map(|(route, measures)| {
            measures.requests().map(|(method, status, count)| {
                ([("route", *route), ("method", method), ("status", status)], count as f64)
            })
        });
        sheet.counters("vestibule_http_requests", "Requests that were answered.", counts)?;
        let latencies = routes.iter().filter(|(_, measures)| measures.requests().next().is_some());
        let latencies = latencies.map(|(route, measures)| {
            let row = Latencies { buckets: measures.latencies(), seconds: measures.seconds() };
            ([("route", *route)], row)
        });
        let help = "From the head of a request to the head of its answer.";
        sheet.histograms("vestibule_http_request_duration_seconds", help, latencies)?;
        let pauses = self.vestibule.measures.pulses.pauses();
        sheet.gauge("vestibule_workers", "Threads that answer requests.", pauses.len() as f64)?;
        let longest = pauses.iter().max().map(|pause| pause.as_secs_f64());
        let help = "How long the one that is silent for longest is; about a second when all is well.";
        sheet.gauge_if("vestibule_worker_silence_seconds", help, longest)
    }

    fn sign_ins(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let (measures, hashing) = (&self.vestibule.measures, self.vestibule.passwords.load());
        let logins = LoginOutcome::ALL
            .map(|outcome| ([("outcome", outcome.as_str())], measures.logins.get(outcome) as f64));
        sheet.counters("vestibule_logins", "Steps of sign-ins, by what became of them.", logins)?;
        let help = "Accounts that were made.";
        sheet.counter("vestibule_registrations", help, measures.registrations.get() as f64)?;
        let help = "Password hashes that are being computed.";
        sheet.gauge("vestibule_hashes_running", help, hashing.running as f64)?;
        sheet.gauge("vestibule_hashes_queued", "Those that wait for it.", hashing.queued as f64)?;
        let help = "Sign-ins and registrations that found the queue full.";
        sheet.counter("vestibule_hashes_refused", help, hashing.refused as f64)?;
        let sessions = self.stock.as_ref().map(|stock| stock.sessions as f64);
        sheet.gauge_if("vestibule_sessions_live", "Sessions that have not ended, up to 100000.", sessions)
    }

    fn tokens(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let (measures, verified) = (&self.vestibule.measures, &self.vestibule.verified);
        let help = "Tokens that were known in memory.";
        sheet.counter("vestibule_verified_tokens_hits", help, measures.recalled_tokens.get() as f64)?;
        let help = "Tokens that were asked of the database.";
        sheet.counter("vestibule_verified_tokens_misses", help, measures.asked_tokens.get() as f64)?;
        let help = "Tokens that are remembered as good.";
        sheet.gauge("vestibule_verified_tokens_size", help, verified.len() as f64)?;
        let reading = verified.since_reading().map(|since| since.as_secs_f64());
        let help = "Since the notices of revocations were read; after ten seconds nothing remembered counts.";
        sheet.gauge_if("vestibule_revocations_unread_seconds", help, reading)?;
        let help = "Notices of revocations that were read.";
        sheet.counter("vestibule_revocations_read", help, measures.revocations.get() as f64)?;
        let help = "How old the newest one was when it was read, in whole seconds.";
        sheet.gauge("vestibule_revocation_lag_seconds", help, measures.revocation_age().as_secs_f64())
    }

    fn keys(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let tokens = &self.vestibule.config.tokens;
        let Some(stock) = self.stock.as_ref().filter(|_| tokens.algorithm == Algorithm::EdDSA) else {
            return Ok(());
        };
        let states = [
            ("next", State::Next),
            ("current", State::Current),
            ("retiring", State::Retiring),
            ("gone", State::Gone),
        ];
        let rows = states.map(|(word, state)| {
            ([("state", word)], stock.keys.iter().filter(|(_, is)| *is == state).count() as f64)
        });
        sheet.gauges("vestibule_signing_keys", "Keys, by what each is at present.", rows)?;
        let of = |state| stock.keys.iter().find(|(_, is)| *is == state).map(|(key, _)| key.signs_from);
        let age = of(State::Current).map(|since| self.now.since(since).as_secs_f64());
        sheet.gauge_if("vestibule_signing_key_age_seconds", "How long the current key has signed.", age)?;
        let next = of(State::Next).map(|from| from.since(self.now).as_secs_f64());
        let help = "Until the next key signs; not there while none is published.";
        sheet.gauge_if("vestibule_signing_key_next_seconds", help, next)?;
        let help = "How long a key is to sign: `tokens.rotation`.";
        sheet.gauge("vestibule_signing_key_rotation_seconds", help, tokens.rotation.as_secs_f64())
    }

    fn mail(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let Some(stock) = &self.stock else { return Ok(()) };
        let states = [
            ([("state", "waiting")], stock.waiting.len() as f64),
            ([("state", "given_up")], stock.given_up as f64),
        ];
        sheet.gauges("vestibule_outbox_mails", "Mails that have not left, up to 10000 of each.", states)?;
        let oldest = stock.waiting.iter().min().map_or(0.0, |oldest| self.now.since(*oldest).as_secs_f64());
        let help = "How long ago the oldest mail was written that waits.";
        sheet.gauge("vestibule_outbox_oldest_seconds", help, oldest)
    }

    fn database(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let load = self.vestibule.db.load();
        sheet.gauge("vestibule_database_connections", "Connections in use.", load.in_use as f64)?;
        let help = "The most connections: `database.pool_size`.";
        sheet.gauge("vestibule_database_connections_max", help, load.most as f64)?;
        sheet.gauge("vestibule_database_waiting", "Who waits for a connection.", load.waiting as f64)?;
        let help = "Deeds that wait for SQLite's one writer; 0 on PostgreSQL.";
        sheet.gauge("vestibule_database_writer_queue", help, load.writing as f64)?;
        let help = "1, or 0 if the database did not answer within a second: then its figures are not there.";
        sheet.gauge("vestibule_scrape_complete", help, f64::from(u8::from(self.stock.is_some())))
    }

    fn house(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let own = Usage::look();
        let version = [([("version", env!("CARGO_PKG_VERSION"))], 1.0)];
        sheet.gauges("vestibule_build_info", "What runs; always 1.", version)?;
        let opened = self.vestibule.measures.opened_at.seconds() as f64;
        sheet.gauge("process_start_time_seconds", "When it started, since 1970.", opened)?;
        if let Some(seconds) = own.cpu_seconds {
            sheet.counter("process_cpu_seconds", "Time on processors.", seconds)?;
        }
        let help = "Memory that is in RAM.";
        sheet.gauge_if("process_resident_memory_bytes", help, own.resident_bytes)?;
        let help = "Memory that has addresses.";
        sheet.gauge_if("process_virtual_memory_bytes", help, own.virtual_bytes)?;
        sheet.gauge_if("process_threads", "Threads.", own.threads)?;
        sheet.gauge_if("process_open_fds", "Open files and sockets.", own.open_fds)?;
        sheet.gauge_if("process_max_fds", "The most that may be open.", own.most_fds)
    }
}
