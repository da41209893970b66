//! The log: one record is one line on standard error, in words or in JSON, whatever is in it (ASVS 16.4.1).

use std::io::{self, IsTerminal as _, Write as _};

use env_logger::fmt::Formatter;
use env_logger::fmt::style::Style;
use env_logger::{Builder, Target, WriteStyle};
use log::{LevelFilter, Record};
use serde::Serialize;

use super::escape::escape;
use super::log_writer::{Flush, LogWriter};
use crate::clock;
use crate::config::{Loaded, LogFormat, Source};

/// The variable that can say more than `log.level`: `info,vestibule::sql=trace`.
const VARIABLE: &str = "VESTIBULE_LOG";

/// Starts the log of a server, which is written beside the requests. To be kept until the end.
///
/// # Errors
///
/// When the system has no thread left.
pub(super) fn start(loaded: &Loaded) -> io::Result<Flush> {
    let (writer, flush) = LogWriter::start()?;
    let is_coloured = io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|value| value != "dumb");
    let mut builder = builder(loaded, level(loaded));
    // Whether there are colours is decided here, once; the library would look for them in every line.
    builder.target(Target::Pipe(Box::new(writer))).write_style(WriteStyle::Always);
    if loaded.config.log.format == LogFormat::Text && !is_coloured {
        builder.format(in_plain_words);
    }
    // Whoever embeds us may have a log already; theirs stays.
    let _ = builder.try_init();
    Ok(flush)
}

/// Starts the log of any other command: warnings, unless `--log-level` asks for more or the configuration for less.
pub(super) fn start_quietly(loaded: &Loaded) {
    let asked = matches!(loaded.sources.of("log.level"), Source::Flag { .. });
    let level = level(loaded);
    let _ = builder(loaded, if asked { level } else { level.min(LevelFilter::Warn) }).try_init();
}

fn level(loaded: &Loaded) -> LevelFilter {
    loaded.config.log.level.as_str().parse().unwrap_or(LevelFilter::Info)
}

/// Our own records from `level` on, those of others if they are warnings at least.
fn builder(loaded: &Loaded, level: LevelFilter) -> Builder {
    let mut builder = Builder::new();
    match std::env::var(VARIABLE) {
        Ok(filters) if !filters.is_empty() => builder.parse_filters(&filters),
        _ => {
            // A stranger's malformed request is no error of ours: they could fill the log with them.
            let ours = env!("CARGO_CRATE_NAME");
            builder.filter_level(level.min(LevelFilter::Warn)).filter_module("actix_http", LevelFilter::Off);
            builder.filter_module(ours, level)
        }
    };
    builder.format(match loaded.config.log.format {
        LogFormat::Text => in_words,
        LogFormat::Json => in_json,
    });
    builder
}

fn in_words(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let style = out.default_level_style(record.level());
    in_style(style, out, record)
}

fn in_plain_words(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    in_style(Style::new(), out, record)
}

fn in_style(style: Style, out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let (level, message) = (record.level(), record.args().to_string());
    writeln!(out, "{} {style}{level:<5}{style:#} {} {}", moment(), record.target(), escape(&message))
}

fn in_json(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let (level, message) = (record.level().as_str().to_lowercase(), record.args().to_string());
    let line = Line { ts: moment(), level: &level, target: record.target(), message: &escape(&message) };
    writeln!(out, "{}", serde_json::to_string(&line)?)
}

/// A record for programs.
#[derive(Serialize)]
struct Line<'record> {
    ts: String,
    level: &'record str,
    target: &'record str,
    message: &'record str,
}

/// Now, in RFC 3339: UTC, with milliseconds (ASVS 16.2.2).
pub(super) fn moment() -> String {
    let moment = jiff::Timestamp::from_millisecond(clock::unix_millis()).unwrap_or_default();
    format!("{moment:.3}")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use log::{Level, Log as _};

    use super::*;

    /// What was written, byte by byte.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    type Format = fn(&mut Formatter, &Record<'_>) -> io::Result<()>;

    fn written(format: Format, words: &str) -> String {
        let paper = Paper::default();
        let mut builder = Builder::new();
        builder.filter_level(LevelFilter::Trace).target(Target::Pipe(Box::new(paper.clone())));
        let log = builder.write_style(WriteStyle::Never).format(format).build();
        log.log(&Record::builder().level(Level::Warn).target("here").args(format_args!("{words}")).build());
        let bytes = paper.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn nobody_can_forge_a_line_or_speak_to_the_terminal() {
        let forged =
            "a\n2026-11-22T00:00:00.000Z INFO  here b\r\n\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}\u{2028}\u{85}\0c";

        for format in [in_words as Format, in_plain_words, in_json] {
            let line = written(format, forged);

            assert_eq!((line.matches('\n').count(), line.ends_with("\n")), (1, true), "{line}");
            let unruly = line.trim_end().chars().find(|letter| letter.is_control() || *letter > '~');
            assert_eq!(unruly, None, "{line}");
            assert!(line.contains("u{1b}") && line.contains('c'), "{line}");
        }
        let line: serde_json::Value =
            serde_json::from_str(&written(in_json, "a\",\"level\":\"error")).unwrap();
        assert_eq!((&line["level"], &line["message"]), (&"warn".into(), &"a\",\"level\":\"error".into()));
    }
}
