//! `docs/metrics.md`, the dashboard and the alerts know each figure by its name, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use actix_web::rt::time::sleep;
use vestibule::flows::caller::Caller;
use vestibule::flows::rotate_keys;

use super::Watched;

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// All families there are, and their kinds: of an instance where everything has happened.
async fn served() -> BTreeMap<String, String> {
    let watched = Watched::new().await;
    let app = &watched.app;
    rotate_keys::in_turn(&app.vestibule, &Caller::operator(), app.now()).await.unwrap();
    for _ in 0..50 {
        if app.vestibule.verified.since_reading().is_some() {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    watched.figures().await.families()
}

/// The words of a text that look like the name of a figure.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let is_name = |word: &&str| word.starts_with("vestibule_") || word.starts_with("process_");
    words.filter(is_name).map(str::to_owned).collect()
}

/// What queries call the rows of a family.
fn rows(name: &str, kind: &str) -> Vec<String> {
    let endings: &[&str] = match kind {
        "counter" => &["_total"],
        "histogram" => &["_bucket", "_sum", "_count"],
        _ => &[""],
    };
    endings.iter().map(|ending| format!("{name}{ending}")).collect()
}

#[actix_web::test]
async fn the_table_names_what_is_served_and_nothing_else() {
    let mut wanted = BTreeSet::new();
    for (name, kind) in served().await {
        let name = if kind == "counter" { format!("{name}_total") } else { name };
        wanted.insert((name, kind));
    }

    let mut told = BTreeSet::new();
    for line in read("docs/metrics.md").lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let name = cells[1].trim_matches('`').split('{').next().unwrap();
        told.insert((name.to_owned(), cells[2].to_owned()));
    }

    assert_eq!(told, wanted);
}

#[actix_web::test]
async fn the_dashboard_and_the_alerts_ask_for_nothing_that_is_not_served() {
    let served = served().await;
    let rows: BTreeSet<String> = served.iter().flat_map(|(name, kind)| rows(name, kind)).collect();

    for file in ["deploy/grafana.json", "deploy/alerts.yml"] {
        let missing: Vec<_> = named(&read(file)).into_iter().filter(|name| !rows.contains(name)).collect();
        assert_eq!(missing, [""; 0], "{file}");
    }

    let shown = named(&read("deploy/grafana.json"));
    let is_shown =
        |(name, kind): (&String, &String)| self::rows(name, kind).iter().any(|row| shown.contains(row));
    let hidden: Vec<_> = served.iter().filter(|family| !is_shown(*family)).map(|(name, _)| name).collect();
    assert_eq!(hidden, [""; 0], "no panel shows it");
}

#[test]
fn each_panel_of_the_dashboard_asks_a_source_that_can_be_chosen() {
    let board: serde_json::Value = serde_json::from_str(&read("deploy/grafana.json")).unwrap();

    let choice = &board["templating"]["list"][0];
    assert_eq!((choice["name"].as_str(), choice["type"].as_str()), (Some("datasource"), Some("datasource")));
    assert_eq!(choice["query"], "prometheus");
    let panels = board["panels"].as_array().unwrap();
    let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is another's");
        let at = &panel["gridPos"];
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| at[side].as_u64().expect(title));
        assert!(x + w <= 24 && h > 0 && places.insert((x, y)), "{title}: {at}");
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty() && panel["description"].as_str().is_some_and(|words| !words.is_empty()));
        for target in targets {
            assert!(!named(target["expr"].as_str().unwrap()).is_empty(), "{title}");
        }
    }
    assert!(panels.len() > 15);
}
