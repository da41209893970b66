//! What the hash of a password costs, at the cost we ship: ours, the crate beneath it, and libargon2 as
//! Debian builds it and as well as it can be built for a processor with AVX2.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on says so")]
#![allow(missing_docs, reason = "nobody calls a benchmark")]

use std::process::Command;
use std::time::Duration;

use actix_web::rt::System;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use criterion::{BenchmarkGroup, Criterion, SamplingMode, measurement::WallTime};
use secrecy::SecretString;
use vestibule::Config;
use vestibule::clock::Stopwatch;
use vestibule::credentials::password::{Cost, PasswordHasher};

const PASSWORD: &str = "seven purple lanterns drift north";
const SALT: &[u8; 16] = b"sixteen of salt.";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let shipped = Config::default().passwords;
    let cost = Cost { memory_kib: shipped.hash_memory_kib, passes: shipped.hash_passes };
    let mut group = criterion.benchmark_group("password");
    group.sampling_mode(SamplingMode::Flat);
    ours(&mut group, cost);
    the_crate(&mut group, cost);
    reference(&mut group, cost, "libargon2", "ARGON2_REFERENCE");
    reference(&mut group, cost, "libargon2_avx2", "ARGON2_REFERENCE_AVX2");
    group.finish();
    criterion.final_summary();
}

/// Through the queue to a thread that keeps its memory, wipes it after use, and back.
fn ours(group: &mut BenchmarkGroup<'_, WallTime>, cost: Cost) {
    let (system, hasher) =
        (System::new(), PasswordHasher::start(cost, 1, 1, Duration::from_secs(60)).unwrap());
    group.bench_function("ours", |bencher| {
        bencher.iter_custom(|rounds| {
            system.block_on(async {
                let watch = Stopwatch::start();
                for _ in 0..rounds {
                    hasher.hash(SecretString::from(PASSWORD), Some(*SALT)).await.unwrap();
                }
                watch.elapsed()
            })
        });
    });
}

/// The crate by itself, with memory allocated for each hash and with memory that is kept.
fn the_crate(group: &mut BenchmarkGroup<'_, WallTime>, cost: Cost) {
    let (argon2, mut hash) = (argon2(cost), [0; 32]);
    group.bench_function("crate_allocating", |bencher| {
        bencher.iter(|| argon2.hash_password_into(PASSWORD.as_bytes(), SALT, &mut hash).unwrap());
    });
    let mut memory = vec![Block::default(); argon2.params().block_count()];
    group.bench_function("crate_reusing", |bencher| {
        bencher.iter(|| {
            let memory = memory.as_mut_slice();
            argon2.hash_password_into_with_memory(PASSWORD.as_bytes(), SALT, &mut hash, memory).unwrap();
        });
    });
}

/// libargon2, which allocates for each hash and wipes what it has used, in the program that `benches/run` has built of
/// `argon2_reference.c` and named in `variable`; left out if there is none.
fn reference(group: &mut BenchmarkGroup<'_, WallTime>, cost: Cost, name: &str, variable: &str) {
    let Ok(program) = std::env::var(variable) else { return };
    let mut hash = [0; 32];
    argon2(cost).hash_password_into(PASSWORD.as_bytes(), SALT, &mut hash).unwrap();
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let (memory, passes) = (cost.memory_kib.to_string(), cost.passes.to_string());
    let salt = str::from_utf8(SALT).unwrap();
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|rounds| {
            let line = [&rounds.to_string(), &memory, &passes, PASSWORD, salt];
            let said = String::from_utf8(Command::new(&program).args(line).output().unwrap().stdout).unwrap();
            let (nanos, theirs) = said.trim().split_once(' ').unwrap();
            assert_eq!(theirs, hash, "they computed something else than we do");
            Duration::from_nanos(nanos.parse::<u64>().unwrap() * rounds)
        });
    });
}

fn argon2(cost: Cost) -> Argon2<'static> {
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32)).unwrap();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}
