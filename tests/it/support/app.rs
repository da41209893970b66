//! An application of our own: the real one, on a database of its own, with quick hashes and a clock that can jump.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use actix_web::test::{self, TestRequest};
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App, http};
use diesel::connection::SimpleConnection as _;
use secrecy::SecretString;
use vestibule::clock::{Clock, Timestamp};
use vestibule::db::{AnyConnection, Error};
use vestibule::flows::caller::Caller;
use vestibule::flows::register::{self, NewAccount};
use vestibule::flows::{deliver_mail, overview};
use vestibule::mail::Letter;
use vestibule::models::{OutboxMail, Role, User};
use vestibule::{Config, Vestibule, web};

use super::{Answer, Browser, PASSWORD, Place, Program};

type Call = Rc<dyn Fn(TestRequest) -> Pin<Box<dyn Future<Output = Answer>>>>;

/// The application under test. Clones are one application.
#[derive(Clone)]
pub struct TestApp {
    pub vestibule: Vestibule,
    call: Call,
    place: Rc<Place>,
}

impl TestApp {
    /// With the settings of a fresh start, but quick hashes and no throttle.
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// The same, with other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::mounting(change, |_| ()).await
    }

    /// The same, beside routes of somebody else's.
    pub async fn mounting(
        change: impl FnOnce(&mut Config),
        others: impl FnOnce(&mut ServiceConfig) + 'static,
    ) -> Self {
        let place = Place::new();
        let mut config = Self::config(&place);
        change(&mut config);
        let clock = Clock::standing_at(Clock::default().now());
        Self::open(Rc::new(place), config, clock, others).await
    }

    /// Another node: a second instance on the same database, with the same secret and clock.
    pub async fn another_node(&self) -> Self {
        let (config, clock) = (self.vestibule.config.clone(), self.vestibule.clock.clone());
        Self::open(Rc::clone(&self.place), config, clock, |_| ()).await
    }

    async fn open(
        place: Rc<Place>,
        config: Config,
        clock: Clock,
        others: impl FnOnce(&mut ServiceConfig) + 'static,
    ) -> Self {
        let vestibule = Vestibule::open_at(config, clock).expect("it opens");
        let app = App::new().app_data(Data::new(vestibule.clone())).configure(others);
        let app = app.service(web::service(&vestibule)).default_service(web::not_found());
        let app = Rc::new(test::init_service(app).await);
        let call: Call = Rc::new(move |request: TestRequest| {
            let app = Rc::clone(&app);
            Box::pin(async move {
                match test::try_call_service(&*app, request.to_request()).await {
                    Ok(response) => Answer::of(response).await,
                    Err(error) => panic!("an error got past the middleware: {error}"),
                }
            })
        });
        // As `vestibule serve` does before it listens.
        deliver_mail::run(&vestibule, vestibule.clock.now()).await.unwrap();
        Self { vestibule, call, place }
    }

    /// Settings for tests, in `place`.
    pub fn config(place: &Place) -> Config {
        let mut config = Config::default();
        config.server.data_dir = place.dir().to_owned();
        config.database.url = place.database_url().map(Into::into);
        config.passwords.hash_memory_kib = 64;
        config.passwords.hash_passes = 1;
        config.throttle.enabled = false;
        config
    }

    /// Sends a request as it is, from `127.0.0.1` unless it says otherwise.
    pub async fn send(&self, request: TestRequest) -> Answer {
        (self.call)(request).await
    }

    /// A request to be filled in.
    pub fn request(&self, method: &str, path: &str) -> TestRequest {
        let method: http::Method = method.parse().unwrap();
        TestRequest::with_uri(path).method(method).peer_addr("127.0.0.1:50000".parse().unwrap())
    }

    /// A browser nobody has used.
    pub fn browser(&self) -> Browser {
        Browser::new(self.clone())
    }

    /// A program that speaks JSON.
    pub fn program(&self) -> Program {
        Program::new(self.clone())
    }

    /// Makes an account with [`PASSWORD`], as an operator would.
    pub async fn register(&self, username: &str) -> User {
        self.register_as(username, "", Role::User).await
    }

    /// The same, with an e-mail address and a role.
    pub async fn register_as(&self, username: &str, email: &str, role: Role) -> User {
        let account = NewAccount {
            username: username.to_owned(),
            email: email.to_owned(),
            password: SecretString::from(PASSWORD),
            role,
        };
        register::with_password(&self.vestibule, account, &Caller::operator(), self.now()).await.unwrap()
    }

    /// The present moment of this application.
    pub fn now(&self) -> Timestamp {
        self.vestibule.clock.now()
    }

    /// Moves its clock.
    pub fn pass(&self, seconds: i64) {
        self.vestibule.clock.jump(seconds);
    }

    /// Delivers the mail that is due; how many mails left.
    pub async fn deliver(&self) -> usize {
        deliver_mail::run(&self.vestibule, self.now()).await.unwrap()
    }

    /// Delivers the mail that is due, and reads all that has left, newest first.
    pub async fn mails(&self) -> Vec<(OutboxMail, Letter)> {
        self.deliver().await;
        let mails = overview::letters(&self.vestibule, 100).await.unwrap();
        mails.into_iter().filter(|(mail, _)| mail.sent_at.is_some()).collect()
    }

    /// Asks its database.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut AnyConnection) -> diesel::QueryResult<T> + Send + 'static,
    ) -> T {
        self.vestibule.db.read(move |conn| Ok::<_, Error>(question(conn)?)).await.unwrap()
    }

    /// Changes its database by hand. It could not know that what it remembers holds no more: it is told.
    pub async fn execute(&self, sql: &str) {
        let sql = sql.to_owned();
        self.vestibule.db.write(move |conn| Ok::<_, Error>(conn.batch_execute(&sql)?)).await.unwrap();
        self.vestibule.verified.forget_all();
    }
}
