//! The document as people read it: what the page shows.

/// All that the page shows.
pub(in crate::web) struct Shown {
    pub(in crate::web) about: Words,
    pub(in crate::web) home: String,
    pub(in crate::web) groups: Vec<Group>,
    pub(in crate::web) refusals: Vec<Refusal>,
    pub(in crate::web) pages: Vec<PageLine>,
}

/// Operations that belong together.
pub(in crate::web) struct Group {
    pub(in crate::web) id: String,
    pub(in crate::web) name: &'static str,
    pub(in crate::web) about: &'static str,
    pub(in crate::web) operations: Vec<Shape>,
}

/// One operation.
pub(in crate::web) struct Shape {
    pub(in crate::web) id: String,
    pub(in crate::web) method: String,
    pub(in crate::web) path: String,
    pub(in crate::web) summary: String,
    pub(in crate::web) about: Words,
    pub(in crate::web) who: &'static str,
    pub(in crate::web) reads: Vec<Member>,
    pub(in crate::web) gives: Vec<Member>,
    pub(in crate::web) answers: Vec<Answer>,
    pub(in crate::web) refusals: Vec<String>,
    pub(in crate::web) call: String,
    pub(in crate::web) example: Option<String>,
}

/// A member of a JSON object.
pub(in crate::web) struct Member {
    pub(in crate::web) name: String,
    pub(in crate::web) kind: String,
    pub(in crate::web) is_required: bool,
    pub(in crate::web) about: Words,
}

/// What comes back when it is more than a refusal like all others.
pub(in crate::web) struct Answer {
    pub(in crate::web) status: String,
    pub(in crate::web) about: Words,
    pub(in crate::web) contents: String,
}

/// A status that refuses, and the problems that have it.
pub(in crate::web) struct Refusal {
    pub(in crate::web) status: String,
    pub(in crate::web) headers: String,
    pub(in crate::web) problems: Vec<(String, Words)>,
}

/// A page, in a line.
pub(in crate::web) struct PageLine {
    pub(in crate::web) method: String,
    pub(in crate::web) path: String,
    pub(in crate::web) needs_sign_in: bool,
}

/// Words of ours, parted where code begins and ends.
pub(in crate::web) struct Words(pub(in crate::web) Vec<(bool, String)>);
