//! What systemd, or whoever else started the server, is told of it (`sd_notify(3)`).

use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::Folder;
use super::serve::Server;

/// The end where somebody listens to what a server says of itself.
struct Supervisor(UnixDatagram);

impl Supervisor {
    /// Of the server that will be started in this folder.
    fn of(folder: Folder) -> (Self, Folder) {
        let path = folder.path.join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let folder = folder.with_variable("NOTIFY_SOCKET", path.to_str().unwrap());
        (Self(socket), folder)
    }

    fn hear(&self) -> String {
        let mut word = [0; 256];
        let length = self.0.recv(&mut word).expect("somebody says something");
        String::from_utf8(word[..length].to_vec()).unwrap()
    }

    fn hears_nothing_for(&self, time: Duration) -> bool {
        self.0.set_read_timeout(Some(time)).unwrap();
        self.0.recv(&mut [0; 256]).is_err()
    }
}

#[test]
fn it_is_told_when_people_can_come_and_when_they_no_longer_can() {
    let (supervisor, folder) = Supervisor::of(Folder::new());

    let server = Server::start(&folder, "serve --listen 127.0.0.1:0");

    assert_eq!(supervisor.hear(), "READY=1\n");
    assert!(supervisor.hears_nothing_for(Duration::from_millis(700)), "nobody asked for more");
    supervisor.0.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    server.stop();
    assert_eq!(supervisor.hear(), "STOPPING=1\n");
}

#[test]
fn it_is_told_again_and_again_that_all_is_well_if_it_asks() {
    let (supervisor, folder) = Supervisor::of(Folder::new());
    let folder = folder.with_variable("WATCHDOG_USEC", "3000000");

    let server = Server::start(&folder, "serve --listen 127.0.0.1:0");

    let heard = [(); 3].map(|()| supervisor.hear());
    assert_eq!(heard, ["READY=1\n", "WATCHDOG=1\n", "WATCHDOG=1\n"]);
    server.stop();
    while supervisor.hear() != "STOPPING=1\n" {}
}

#[test]
fn of_a_server_that_cannot_start_it_is_told_nothing() {
    let (supervisor, folder) = Supervisor::of(Folder::new());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();

    folder.run(&format!("serve --listen {address} --log-level warn")).refused(1);

    assert!(supervisor.hears_nothing_for(Duration::from_millis(10)));
}

#[test]
fn a_supervisor_that_is_gone_keeps_nobody_from_serving() {
    let (supervisor, folder) = Supervisor::of(Folder::new());
    std::fs::remove_file(folder.path.join("notify")).unwrap();
    drop(supervisor);

    let server = Server::start(&folder, "serve --listen 127.0.0.1:0");

    assert!(server.end().contains("our supervisor could not be told"));
}
