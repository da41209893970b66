//! How a database means to answer a statement, as it explains it.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::Value;
use vestibule::db::AnyConnection;

use super::first_word;

/// What it reads, and by what.
#[derive(Debug, Default)]
pub struct Plan {
    /// The steps that read a table, or an index, from end to end.
    pub scans: Vec<String>,
    /// What it reads of indices.
    pub indices: BTreeSet<String>,
    sorts: bool,
}

impl Plan {
    pub fn of(conn: &mut AnyConnection, sql: &str) -> QueryResult<Self> {
        let mut plan = Self::default();
        match conn {
            AnyConnection::Sqlite(conn) => {
                let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(conn)?;
                steps.iter().for_each(|step| plan.add_step(&step.detail));
            }
            AnyConnection::Postgres(conn) => {
                let values = vec!["NULL"; count_values(sql)].join(", ");
                let values = if values.is_empty() { values } else { format!("({values})") };
                conn.batch_execute(&format!("PREPARE probe AS {sql}"))?;
                let explained = diesel::sql_query(format!("EXPLAIN (FORMAT JSON) EXECUTE probe{values}"));
                let explained: Explained = explained.get_result(conn)?;
                conn.batch_execute("DEALLOCATE probe")?;
                plan.add_node(&serde_json::from_str::<Value>(&explained.plan).unwrap()[0]["Plan"]);
            }
        }
        // The first few in the order of an index are the first few of the index.
        if sql.contains(" LIMIT ") && !plan.sorts {
            plan.scans.retain(|scan| !scan.contains("USING INDEX") && !scan.starts_with("Index "));
        }
        Ok(plan)
    }

    /// SQLite: `SEARCH users USING INDEX users_by_role (role=?)`, and `SCAN` where there is nothing to search by. An
    /// automatic index is one that it makes for this once, out of the whole table.
    fn add_step(&mut self, step: &str) {
        let is_scan = step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW";
        if is_scan || step.contains(" AUTOMATIC ") {
            self.scans.push(step.to_owned());
        }
        self.sorts |= step.contains("TEMP B-TREE");
        self.indices.extend(step.split_once(" INDEX ").map(|(_, rest)| first_word(rest)));
    }

    /// PostgreSQL: a tree. Whatever reads without an index, or an index without a condition, reads everything; what a
    /// bitmap finds in the table, its indices have found before, and what a subquery answers, its own nodes.
    fn add_node(&mut self, node: &Value) {
        let kind = node["Node Type"].as_str().unwrap();
        let reads_no_table = ["Bitmap Heap Scan", "Subquery Scan"].contains(&kind);
        if kind.ends_with("Scan") && !reads_no_table && node["Index Cond"].is_null() {
            let table = node["Relation Name"].as_str().unwrap_or_default();
            self.scans.push(format!("{kind} of {table}"));
        }
        self.sorts |= kind.ends_with("Sort");
        self.indices.extend(node["Index Name"].as_str().map(str::to_owned));
        for child in node["Plans"].as_array().into_iter().flatten() {
            self.add_node(child);
        }
    }
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct Explained {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    plan: String,
}

/// How many `$1`, `$2`, … there are.
fn count_values(sql: &str) -> usize {
    let numbers =
        sql.split('$').skip(1).map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap());
    numbers.filter_map(|number| number.parse().ok()).max().unwrap_or(0)
}
