//! How many hashes a second this machine computes, at the cost we ship, by the `argon2` crate alone with memory that is
//! kept: the measure of the drill `saturation`.
//!
//! ```text
//! hash THREADS SECONDS
//! ```
//! Prints the hashes a second of all threads together, and how many hashes that were. Two threads are slower than one each: they share the memory.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on says so")]
#![allow(clippy::print_stdout, reason = "whoever started it has to know")]
#![allow(missing_docs, reason = "nobody calls a benchmark")]

use std::thread;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use vestibule::Config;
use vestibule::clock::Stopwatch;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, threads, seconds] = arguments.as_slice() else {
        println!("hash: the measure of `tests/drills/saturation`");
        return;
    };
    let time = Duration::from_secs_f64(seconds.parse().unwrap());
    let hashing: Vec<_> = (0..threads.parse().unwrap()).map(|_| thread::spawn(move || rate(time))).collect();
    let (rates, counts): (Vec<f64>, Vec<u32>) =
        hashing.into_iter().map(|thread| thread.join().unwrap()).unzip();
    println!("{:.2} {}", rates.iter().sum::<f64>(), counts.iter().sum::<u32>());
}

/// The hashes a second of one thread, and how many that were.
fn rate(time: Duration) -> (f64, u32) {
    let shipped = Config::default().passwords;
    let params = Params::new(shipped.hash_memory_kib, shipped.hash_passes, 1, Some(32)).unwrap();
    let mut memory = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (mut hash, mut count, watch) = ([0; 32], 0_u32, Stopwatch::start());
    while watch.elapsed() < time {
        let (password, salt) = (b"seven purple lanterns drift north", b"sixteen of salt.");
        argon2.hash_password_into_with_memory(password, salt, &mut hash, memory.as_mut_slice()).unwrap();
        count += 1;
    }
    (f64::from(count) / watch.elapsed().as_secs_f64(), count)
}
