//! Light, dark, or as the system has it.

use crate::schema::dump;
use crate::support::{Answer, Browser, TestApp};

async fn choose(browser: &mut Browser, theme: &str) -> Answer {
    browser.submit("/account/settings/theme", &[("theme", theme)]).await
}

async fn stage(url: &str) -> (TestApp, Browser) {
    let url = url.to_owned();
    let app = TestApp::with(move |config| config.server.public_url = Some(url)).await;
    app.register("ada").await;
    let mut ada = app.browser();
    ada.sign_in("ada").await;
    (app, ada)
}

fn is_in(page: &str, theme: &str, colour: &str) -> bool {
    page.contains(&format!("<html lang=\"en\" dir=\"ltr\" data-theme=\"{theme}\">"))
        && page.contains(&format!("<meta name=\"color-scheme\" content=\"{theme}\">"))
        && page.contains(&format!("<meta name=\"theme-color\" content=\"{colour}\">"))
        && page.matches("theme-color").count() == 1
}

fn follows_the_system(page: &str) -> bool {
    page.contains("<html lang=\"en\" dir=\"ltr\">")
        && page.contains("content=\"light dark\"")
        && !page.contains("data-theme")
}

#[actix_web::test]
async fn a_theme_is_on_every_page_signed_in_or_not_and_on_errors_too() {
    let (_app, mut ada) = stage("http://localhost:8080").await;
    assert!(follows_the_system(&ada.get("/account/settings").await.body));

    for (theme, colour) in [("dark", "#111617"), ("light", "#faf8f4")] {
        let answer = choose(&mut ada, theme).await;
        assert_eq!((answer.status, answer.location()), (303, "/account/settings"));
        let page = ada.follow(answer).await.body;
        assert!(page.contains("Your theme is saved in this browser."));
        assert!(
            page.contains(&format!("value=\"{theme}\" checked")) && page.matches(" checked").count() == 1
        );
        let mut stranger = ada.clone();
        stranger.cookies.retain(|name, _| name == "vestibule-theme");
        for path in ["/dashboard", "/reauth", "/logout", "/no/such/page", "/account/export"] {
            assert!(is_in(&ada.get(path).await.body, theme, colour), "{path}");
        }
        for path in ["/login", "/register", "/forgot", "/forgot/sent", "/no/such/page", "/reset/nothing"] {
            let answer = stranger.get(path).await;
            assert!(is_in(&stranger.follow(answer).await.body, theme, colour), "{path}");
        }
        let refused = stranger.submit("/login", &[("login", "x"), ("password", "y"), ("z", "z")]).await;
        assert!(refused.status == 400 && is_in(&refused.body, theme, colour));
    }
    ada.submit("/logout", &[]).await;
    assert!(
        is_in(&ada.get("/login").await.body, "light", "#faf8f4"),
        "it is the browser's, not the session's"
    );
}

#[actix_web::test]
async fn to_follow_the_system_again_takes_the_cookie_away() {
    let (_app, mut ada) = stage("http://localhost:8080").await;
    choose(&mut ada, "dark").await;

    let answer = choose(&mut ada, "system").await;

    let cookie = answer.cookie("vestibule-theme").unwrap();
    assert!(cookie.value().is_empty() && cookie.max_age().unwrap().is_zero());
    assert!(!ada.cookies.contains_key("vestibule-theme"));
    assert!(follows_the_system(&ada.follow(answer).await.body));
}

#[actix_web::test]
async fn the_cookie_is_for_a_year_and_for_us_alone() {
    for (url, name, secure) in [
        ("http://localhost:8080", "vestibule-theme", false),
        ("https://login.example.org", "__Host-vestibule-theme", true),
    ] {
        let (_app, mut ada) = stage(url).await;

        let cookie = choose(&mut ada, "dark").await.cookie(name).expect(name);

        assert_eq!((cookie.value(), cookie.path(), cookie.domain()), ("dark", Some("/"), None));
        assert_eq!(cookie.max_age().unwrap().whole_days(), 365);
        assert_eq!((cookie.http_only(), cookie.secure().unwrap_or(false)), (Some(true), secure));
        assert_eq!(cookie.same_site().unwrap().to_string(), "Lax");
        assert!(is_in(&ada.get("/dashboard").await.body, "dark", "#111617"));
    }
}

#[actix_web::test]
async fn nothing_else_comes_from_the_cookie_or_the_form_into_a_page() {
    let (app, mut ada) = stage("http://localhost:8080").await;
    let before = dump(&app).await;

    for theme in ["", "Dark", "dark ", "darker", "\"><script>", "%64ark", "light dark"] {
        let answer = choose(&mut ada, theme).await;
        assert_eq!(answer.status, 422, "{theme}");
        assert!(
            answer.body.contains("Choose one of the three.") && answer.cookie("vestibule-theme").is_none()
        );
        let request = app.request("GET", "/login").insert_header(("accept", "text/html"));
        let page = app.send(request.insert_header(("cookie", format!("vestibule-theme={theme}")))).await;
        let is_plain = theme.trim() == "dark";
        assert!(is_plain || follows_the_system(&page.body), "{theme}");
    }
    let twice = app.request("GET", "/login").insert_header(("accept", "text/html"));
    let page = app.send(twice.insert_header(("cookie", "vestibule-theme=dark; vestibule-theme=light"))).await;
    assert!(follows_the_system(&page.body), "two are none");
    assert_eq!(dump(&app).await, before, "a theme is no deed");
}

#[actix_web::test]
async fn whoever_is_not_signed_in_chooses_nothing() {
    let (app, _) = stage("http://localhost:8080").await;

    let answer = choose(&mut app.browser(), "dark").await;

    assert_eq!((answer.status, answer.location()), (303, "/login?next=%2Faccount%2Fsettings"));
    assert!(answer.cookie("vestibule-theme").is_none());
}
