//! What a page costs, through the whole service in memory: routes, guards, queries, the template, every header. No
//! socket, no log, no network.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on says so")]
#![allow(missing_docs, unreachable_pub, reason = "nobody calls a benchmark")]

mod stage;

use criterion::Criterion;

use stage::Stage;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let stage = Stage::new();
    let cookie = format!("vestibule={}", stage.token);
    let mut group = criterion.benchmark_group("render");

    // The layers around a handler that says "ok".
    group.bench_function("no_page", |bencher| stage.time(bencher, "/healthz", ("accept", "text/html")));
    // And a page for a stranger: no database.
    group.bench_function("login", |bencher| stage.time(bencher, "/login", ("accept", "text/html")));
    // And a guard, the sessions and the events of somebody who has just come.
    group.bench_function("dashboard", |bencher| stage.time(bencher, "/dashboard", ("cookie", &cookie)));
    group.finish();
    criterion.final_summary();
}
