//! `vestibule group`: who belongs together, for rules, tokens and guards.

use anyhow::{Context as _, anyhow};
use serde::Serialize;
use serde_json::json;

use super::global::GlobalArgs;
use super::group_delete::Delete;
use super::output::{self, Format};
use super::user_named;
use crate::clock::Timestamp;
use crate::config::{self, Overrides};
use crate::db;
use crate::flows::caller::Caller;
use crate::flows::groups::{self, GroupError};
use crate::models;
use crate::vestibule::Vestibule;

pub(super) const EXAMPLES: &str = "\
Rules, the `groups` of tokens, and guards of applications ask for groups.

Examples:
  vestibule group create editors
  vestibule group add editors ada
  vestibule group show editors";
const CREATE_EXAMPLES: &str = "\
Examples:
  vestibule group create editors";
const LIST_EXAMPLES: &str = "\
Examples:
  vestibule group list
  vestibule group list --json | jq -r '.[].name'";
const SHOW_EXAMPLES: &str = "\
Examples:
  vestibule group show editors
  vestibule group show editors --json | jq -r '.members[].username'";
const ADD_EXAMPLES: &str = "\
Guards of a running server know within a second, tokens when they are renewed.

Examples:
  vestibule group add editors ada";
const REMOVE_EXAMPLES: &str = "\
Guards of a running server know within a second, tokens when they are renewed.

Examples:
  vestibule group remove editors ada";

/// See who belongs together, and change it
#[derive(clap::Subcommand)]
pub(super) enum Group {
    /// Make a group
    #[command(after_help = CREATE_EXAMPLES)]
    Create {
        /// Small letters, digits and `-_.`
        name: String,
        #[command(flatten)]
        format: Format,
    },
    Delete(Delete),
    /// List the groups by name
    #[command(after_help = LIST_EXAMPLES)]
    List {
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        format: Format,
    },
    /// Show who is in a group
    #[command(after_help = SHOW_EXAMPLES)]
    Show {
        /// The group
        name: String,
        #[command(flatten)]
        page: Page,
        #[command(flatten)]
        format: Format,
    },
    /// Put somebody into a group
    #[command(after_help = ADD_EXAMPLES)]
    Add(Pair),
    /// Take somebody out of a group
    #[command(after_help = REMOVE_EXAMPLES)]
    Remove(Pair),
}

/// A group and somebody.
#[derive(clap::Args)]
pub(super) struct Pair {
    /// The group
    group: String,
    /// A username or a user's id
    user: String,
    #[command(flatten)]
    format: Format,
}

/// A part of a list.
#[derive(clap::Args)]
pub(super) struct Page {
    /// Begin behind this one
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    after: String,
    /// List so many at most
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

impl Group {
    pub(super) fn run(self, global: &GlobalArgs) -> anyhow::Result<()> {
        global.with_instance(Overrides::default(), false, async |vestibule, now| match self {
            Self::Create { name, format } => create(vestibule, &name, format, now).await,
            Self::Delete(delete) => delete.run(vestibule, now).await,
            Self::List { page, format } => list(vestibule, page, format).await,
            Self::Show { name, page, format } => show(vestibule, &name, page, format).await,
            Self::Add(pair) => add(vestibule, pair, now).await,
            Self::Remove(pair) => remove(vestibule, pair, now).await,
        })
    }
}

async fn create(vestibule: &Vestibule, name: &str, format: Format, now: Timestamp) -> anyhow::Result<()> {
    let group = groups::create(vestibule, name, &Caller::operator(), now).await?;
    let answer = json!({ "name": group.name, "created_at": group.created_at.to_string() });
    format.answer(&answer, || format!("{} is made. Nobody is in it yet.", group.name))
}

async fn list(vestibule: &Vestibule, page: Page, format: Format) -> anyhow::Result<()> {
    let counted = page.of(|limit| groups::list(vestibule, &page.after, limit)).await?;
    let views: Vec<_> = counted.rows.iter().map(GroupView::of).collect();
    format.answer(&views, || {
        let row =
            |view: &GroupView| [view.name.to_owned(), view.members.to_string(), view.created_at.clone()];
        output::table(["NAME", "MEMBERS", "MADE"], &views.iter().map(row).collect::<Vec<_>>())
    })?;
    counted.tell(|(group, _)| &group.name);
    Ok(())
}

async fn show(vestibule: &Vestibule, name: &str, page: Page, format: Format) -> anyhow::Result<()> {
    let group = find(vestibule, name).await?;
    let after = page.after.as_str().into();
    let members = page.of(|limit| groups::members(vestibule, &group.name, &after, limit)).await?;
    let views: Vec<_> = members.rows.iter().map(MemberView::of).collect();
    let answer = json!({
        "name": group.name,
        "created_at": group.created_at.to_string(),
        "members": views,
    });
    format.answer(&answer, || {
        let row = |view: &MemberView| [view.username.to_owned(), view.since.clone(), view.id.to_owned()];
        output::table(["USERNAME", "SINCE", "ID"], &views.iter().map(row).collect::<Vec<_>>())
    })?;
    members.tell(|(membership, _)| membership.user_id.as_str());
    Ok(())
}

async fn add(vestibule: &Vestibule, pair: Pair, now: Timestamp) -> anyhow::Result<()> {
    let (group, user) = both(vestibule, &pair).await?;
    let added = groups::add(vestibule, &group.name, &user.id, &Caller::operator(), now).await?;
    let answer = json!({ "group": group.name, "username": user.username, "added": added });
    pair.format.answer(&answer, || match added {
        true => format!("{} is in {} now.", user.username, group.name),
        false => format!("{} was in {} before.", user.username, group.name),
    })
}

async fn remove(vestibule: &Vestibule, pair: Pair, now: Timestamp) -> anyhow::Result<()> {
    let (group, user) = both(vestibule, &pair).await?;
    let removed = groups::remove(vestibule, &group.name, &user.id, &Caller::operator(), now).await?;
    let answer = json!({ "group": group.name, "username": user.username, "removed": removed });
    pair.format.answer(&answer, || match removed {
        true => format!("{} is not in {} any more.", user.username, group.name),
        false => format!("{} was not in {}.", user.username, group.name),
    })
}

async fn both(vestibule: &Vestibule, pair: &Pair) -> anyhow::Result<(models::Group, models::User)> {
    Ok((find(vestibule, &pair.group).await?, user_named::find(vestibule, &pair.user).await?))
}

/// The group of this name.
///
/// # Errors
///
/// That there is none, and which may have been meant.
pub(super) async fn find(vestibule: &Vestibule, name: &str) -> anyhow::Result<models::Group> {
    if let Some(group) = groups::find(vestibule, name).await? {
        return Ok(group);
    }
    let known = groups::list(vestibule, "", 1000).await?;
    let error = GroupError::NoSuchGroup(name.to_owned());
    Err(match config::nearest(name, known.iter().map(|(group, _)| group.name.as_str())) {
        Some(meant) => anyhow!("{error} Did you mean `{meant}`?"),
        None => anyhow!("{error} `vestibule group list` lists all there are."),
    })
}

/// Some rows, and whether there are more.
struct Part<T> {
    rows: Vec<T>,
    are_more: bool,
}

impl Page {
    /// The rows that `ask` has, having asked for one more than wanted, to know whether there are more.
    async fn of<T, Rows: Future<Output = Result<Vec<T>, db::Error>>>(
        &self,
        ask: impl FnOnce(i64) -> Rows,
    ) -> anyhow::Result<Part<T>> {
        let mut rows = ask(i64::from(self.limit) + 1).await.context("The list could not be read")?;
        let are_more = rows.len() > usize::from(self.limit);
        rows.truncate(usize::from(self.limit));
        Ok(Part { rows, are_more })
    }
}

impl<T> Part<T> {
    fn tell(&self, name: impl FnOnce(&T) -> &str) {
        if let Some(last) = self.rows.last().filter(|_| self.are_more) {
            output::aside(format_args!("there are more: go on with --after {}", name(last)));
        }
    }
}

/// What `--json` answers with; moments are RFC 3339.
#[derive(Serialize)]
struct GroupView<'row> {
    name: &'row str,
    members: i64,
    created_at: String,
}

impl<'row> GroupView<'row> {
    fn of((group, members): &'row (models::Group, i64)) -> Self {
        Self { name: &group.name, members: *members, created_at: group.created_at.to_string() }
    }
}

#[derive(Serialize)]
struct MemberView<'row> {
    id: &'row str,
    username: &'row str,
    since: String,
}

impl<'row> MemberView<'row> {
    fn of((membership, username): &'row (models::Membership, String)) -> Self {
        Self { id: membership.user_id.as_str(), username, since: membership.since.to_string() }
    }
}
