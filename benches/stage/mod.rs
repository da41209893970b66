//! A house for the benchmarks: the real service on a SQLite database of its own, and Ada, who is signed in.

use std::path::PathBuf;

use actix_web::rt::{System, SystemRunner};
use actix_web::test::{self, TestRequest};
use actix_web::{App, web};
use criterion::Bencher;
use secrecy::SecretString;
use vestibule::clock::{Clock, Stopwatch};
use vestibule::flows::caller::Caller;
use vestibule::flows::issue_token;
use vestibule::flows::register::{self, NewAccount};
use vestibule::models::Role;
use vestibule::{Config, Vestibule, secret};

/// The house. Its directory is gone afterwards.
pub struct Stage {
    pub vestibule: Vestibule,
    /// Ada's access token.
    pub token: String,
    pub system: SystemRunner,
    pub dir: PathBuf,
}

impl Stage {
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// With other settings.
    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        let name = secret::to_base64url(&secret::random::<8>());
        let dir = std::env::temp_dir().join(format!("vestibule-bench-{name}"));
        let mut config = Config::default();
        config.server.data_dir.clone_from(&dir);
        config.throttle.enabled = false;
        change(&mut config);
        let vestibule = Vestibule::open_at(config, Clock::default()).unwrap();
        let account = NewAccount {
            username: "ada".to_owned(),
            email: String::new(),
            password: SecretString::from("seven purple lanterns drift north"),
            role: Role::User,
        };
        let (system, now) = (System::new(), vestibule.clock.now());
        let by_hand = Caller::operator();
        let ada = register::and_sign_in(&vestibule, account, None, &by_hand, now);
        let ada = system.block_on(ada).unwrap();
        let token = issue_token::for_session(&vestibule, &ada.user, &ada.session, now).unwrap().text;
        Self { vestibule, token, system, dir }
    }

    /// Times `GET path` from the request in memory to the whole body in memory: every layer of the service, no socket,
    /// and no log since none is set up. The answer has to be 200.
    pub fn time(&self, bencher: &mut Bencher<'_>, path: &str, header: (&str, &str)) {
        let app = App::new().service(vestibule::web::service(&self.vestibule));
        let service = self.system.block_on(test::init_service(app));
        let answer = async || {
            let request = TestRequest::with_uri(path).insert_header(header);
            let request = request.peer_addr(([127, 0, 0, 1], 50_000).into()).to_request();
            let answer = test::call_service(&service, request).await;
            assert_eq!(answer.status(), 200);
            test::read_body(answer).await
        };
        bencher.iter_custom(|rounds| {
            self.system.block_on(async {
                let watch = Stopwatch::start();
                for _ in 0..rounds {
                    let body: web::Bytes = answer().await;
                    std::hint::black_box(body);
                }
                watch.elapsed()
            })
        });
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
