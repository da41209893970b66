//! What a route asks of whoever calls it, read off the signature of its handler: the one policy there is.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path, Query};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::web::error::Error;
use crate::web::extract::{
    AccountForm, Admin, BearerUser, Context, CurrentUser, EarlierSessions, Form, Json, Program, ProvenTwice,
    ReadAccount, Reauthenticated, Visitor,
};

/// What a handler asks for.
#[derive(Default)]
pub(in crate::web) struct Facts {
    pub(super) caller: Caller,
    /// Statuses that are due to what it asks for.
    pub(super) statuses: Vec<u16>,
    /// The JSON that it reads.
    pub(super) body: Option<Model>,
}

/// Who may call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Caller {
    #[default]
    Anybody,
    /// Anybody; somebody signed in is answered otherwise.
    Known,
    /// Somebody signed in, by cookie or by token.
    SignedIn,
    /// Somebody signed in, by token.
    Bearer,
}

/// A type by its name in the document, with all those that it is made of.
pub(in crate::web) struct Model {
    pub(super) name: String,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

impl Model {
    pub(super) fn of<T: ToSchema>() -> Self {
        let name = T::name().into_owned();
        let mut schemas = vec![(name.clone(), T::schema())];
        T::schemas(&mut schemas);
        Self { name, schemas }
    }
}

/// Something that handlers ask for, and what that means for the document.
#[diagnostic::on_unimplemented(
    message = "nobody knows what `{Self}` means for the document of the API",
    note = "say it by a line in src/web/openapi/signature.rs"
)]
pub(in crate::web) trait Asks {
    fn tell(_: &mut Facts) {}
}

impl Facts {
    fn body(&mut self) {
        self.statuses.extend([400, 408, 413, 415]);
    }

    fn guard(&mut self, caller: Caller) {
        self.caller = caller;
        self.statuses.extend([401, 403, 429, 503]);
    }
}

impl Asks for HttpRequest {}
impl Asks for Context {}
impl Asks for EarlierSessions {}
impl<T> Asks for Data<T> {}

impl<T> Asks for Path<T> {
    fn tell(facts: &mut Facts) {
        facts.statuses.push(404);
    }
}

impl<T> Asks for Query<T> {
    fn tell(facts: &mut Facts) {
        facts.statuses.push(400);
    }
}

impl<T: ToSchema> Asks for Json<T> {
    fn tell(facts: &mut Facts) {
        facts.body();
        facts.body = Some(Model::of::<T>());
    }
}

impl<T> Asks for Form<T> {
    fn tell(facts: &mut Facts) {
        facts.body();
    }
}

impl<T> Asks for AccountForm<T> {
    fn tell(facts: &mut Facts) {
        facts.body();
        facts.guard(Caller::SignedIn);
    }
}

/// Those that ask for somebody.
macro_rules! guards {
    ($($guard:ty => $caller:ident,)*) => {$(
        impl Asks for $guard {
            fn tell(facts: &mut Facts) {
                facts.guard(Caller::$caller);
            }
        }
    )*};
}

guards! {
    CurrentUser => SignedIn,
    Reauthenticated => SignedIn,
    ProvenTwice => SignedIn,
    Admin => SignedIn,
    BearerUser => Bearer,
    Program<ReadAccount, CurrentUser> => SignedIn,
    Result<Program<ReadAccount>, Error> => Bearer,
    Result<CurrentUser, Error> => Known,
    Option<CurrentUser> => Known,
}

impl Asks for Visitor {
    fn tell(facts: &mut Facts) {
        facts.guard(Caller::Known);
        facts.statuses.push(409);
    }
}

macro_rules! all_of {
    ($($part:ident)*) => {
        impl<$($part: Asks),*> Asks for ($($part,)*) {
            fn tell(_facts: &mut Facts) {
                $($part::tell(_facts);)*
            }
        }
    };
}

all_of!();
all_of!(A);
all_of!(A B);
all_of!(A B C);
all_of!(A B C D);
all_of!(A B C D E);
all_of!(A B C D E F);
all_of!(A B C D E F G);
all_of!(A B C D E F G H);
