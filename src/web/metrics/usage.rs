//! What the kernel says of our own process; nothing, where it says it otherwise than Linux does.

use std::fs;

/// What it uses.
#[derive(Debug, Default)]
pub(super) struct Usage {
    pub(super) cpu_seconds: Option<f64>,
    pub(super) resident_bytes: Option<f64>,
    pub(super) virtual_bytes: Option<f64>,
    pub(super) threads: Option<f64>,
    pub(super) open_fds: Option<f64>,
    pub(super) most_fds: Option<f64>,
}

impl Usage {
    /// As it is now.
    pub(super) fn look() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let kilobytes = |name| number_after(&status, name).map(|number| number * 1024.0);
        Self {
            cpu_seconds: cpu_seconds(),
            resident_bytes: kilobytes("VmRSS:"),
            virtual_bytes: kilobytes("VmSize:"),
            threads: number_after(&status, "Threads:"),
            // The one that reads the folder is among them.
            open_fds: fs::read_dir("/proc/self/fd").ok().map(|files| files.count().saturating_sub(1) as f64),
            most_fds: number_after(&limits, "Max open files"),
        }
    }
}

/// The first number of the line that begins so; the soft limit, of limits.
fn number_after(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(target_os = "linux")]
fn cpu_seconds() -> Option<f64> {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(used.tv_sec as f64 + used.tv_nsec as f64 / 1e9)
}

#[cfg(not(target_os = "linux"))]
fn cpu_seconds() -> Option<f64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_on_linux_knows_all_of_it() {
        let own = Usage::look();

        let known =
            [own.cpu_seconds, own.resident_bytes, own.virtual_bytes, own.threads, own.open_fds, own.most_fds];
        assert!(known.iter().all(|value| value.is_some_and(|value| value > 0.0)), "{own:?}");
    }
}
