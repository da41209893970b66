//! Carry the mail: deliver what is due, whenever there is something new and every few seconds.
//!
//! On a thread of its own: a mail server that stalls, or a name server that does, keeps nobody from answering and nobody
//! from stopping. What is under way then is in the outbox still. It ends with the last [`Vestibule`].

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::deliver_mail;
use crate::vestibule::{Vestibule, WeakVestibule};

/// Starts the thread, unless it runs already. From now on our pages offer to send mail, if a mail reaches anybody by the
/// settings.
///
/// `vestibule serve` does so; an app of somebody else's that mounts our pages does, or its pages offer none.
///
/// # Errors
///
/// When the system has no thread left.
pub fn start(vestibule: &Vestibule) -> io::Result<()> {
    let Some(stopped) = vestibule.begin_carrying() else { return Ok(()) };
    let (weak, new_mail) = (vestibule.downgrade(), Arc::clone(&vestibule.new_mail));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let carry = move || {
        runtime.block_on(async {
            tokio::select! {
                _ = stopped => {}
                () = carry(weak, new_mail) => {}
            }
        });
        // A mail that a server does not take must not keep the process from ending.
        runtime.shutdown_background();
    };
    thread::Builder::new().name("mail".to_owned()).spawn(carry)?;
    vestibule.carries_mail.store(true, Ordering::Relaxed);
    Ok(())
}

async fn carry(weak: WeakVestibule, new_mail: Arc<Notify>) {
    loop {
        let Some(vestibule) = weak.upgrade() else { return };
        if let Err(error) = deliver_mail::run(&vestibule, vestibule.clock.now()).await {
            log::warn!("no mail could be sent, and that is tried again in a moment: {error}");
        }
        drop(vestibule);
        // Whether it rang or the time is over, there may be something.
        let _ = timeout(deliver_mail::INTERVAL, new_mail.notified()).await;
    }
}
