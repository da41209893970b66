//! A gate before a PostgreSQL server, so that a test can take it away without harm to others: it lets everything
//! through, or nothing, or is shut.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Silent,
    Shut,
}

/// The gate. It goes on until the process ends.
#[derive(Clone)]
pub struct Gate {
    state: Arc<(Mutex<State>, Condvar)>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Gate {
    /// A gate before the server that `url` names, and the URL that leads through it.
    pub fn before(url: &str) -> (Self, String) {
        let (head, tail) = url.split_once("://").map(|(_, rest)| rest.split_once('/').unwrap()).unwrap();
        let (user, host) = head.rsplit_once('@').map_or(("", head), |(user, host)| (user, host));
        let host = if host.contains(':') { host.to_owned() } else { format!("{host}:5432") };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let gate =
            Self { state: Arc::new((Mutex::new(State::Open), Condvar::new())), streams: Arc::default() };
        let keeper = gate.clone();
        thread::spawn(move || {
            for client in listener.incoming().map(Result::unwrap) {
                if keeper.now() != State::Shut {
                    keeper.let_in(client, TcpStream::connect(&host).unwrap());
                }
            }
        });
        (gate, format!("postgres://{user}@{address}/{tail}"))
    }

    /// Lets through what comes, and what has waited.
    pub fn open(&self) {
        self.turn(State::Open);
    }

    /// Takes everything and lets nothing through: the server hangs.
    pub fn fall_silent(&self) {
        self.turn(State::Silent);
    }

    /// Ends every connection and takes no other: the server is gone.
    pub fn shut(&self) {
        self.turn(State::Shut);
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn now(&self) -> State {
        *self.state.0.lock().unwrap()
    }

    fn turn(&self, state: State) {
        *self.state.0.lock().unwrap() = state;
        self.state.1.notify_all();
    }

    fn let_in(&self, client: TcpStream, server: TcpStream) {
        let ends = [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)];
        for (mut from, mut to) in ends {
            self.streams.lock().unwrap().push(from.try_clone().unwrap());
            let gate = self.clone();
            thread::spawn(move || {
                let mut bytes = [0; 16 * 1024];
                while let Ok(length @ 1..) = from.read(&mut bytes) {
                    let state = gate.state.0.lock().unwrap();
                    drop(gate.state.1.wait_while(state, |state| *state == State::Silent).unwrap());
                    if to.write_all(&bytes[..length]).is_err() {
                        break;
                    }
                }
                let _ = to.shutdown(Shutdown::Both);
            });
        }
    }
}
