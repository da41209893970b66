//! A name for the device behind a user agent: "Firefox on Linux", never the raw string.

/// The most characters of a name; a program may call itself what it likes.
const MOST_NAME: usize = 32;

/// What a person would call it.
pub fn name(user_agent: &str) -> String {
    let Some(found) = woothee::parser::Parser::new().parse(user_agent).filter(|found| known(found.name))
    else {
        // Programs name themselves first: `curl/8.5.0`.
        let program = user_agent.split(['/', ' ']).next().unwrap_or_default();
        return match program.is_empty() {
            true => "An unnamed program".to_owned(),
            false => program.chars().take(MOST_NAME).collect(),
        };
    };
    let browser = match found.name {
        "Internet Explorer" if user_agent.contains("Edg") => "Edge",
        name => name,
    };
    let system = match found.os {
        os if os.starts_with("Windows") => "Windows",
        "Mac OSX" => "macOS",
        os => os,
    };
    if known(system) { format!("{browser} on {system}") } else { browser.to_owned() }
}

fn known(name: &str) -> bool {
    !name.is_empty() && name != "UNKNOWN" && name != "HTTP Library"
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn devices_have_the_names_that_people_use() {
        let cases = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 \
                 Safari/537.36 Edg/156.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.1 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/156.0.0.0 Safari/537.36",
                "Chrome on macOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 \
                 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.5.0", "curl"),
            ("", "An unnamed program"),
        ];
        for (user_agent, expected) in cases {
            assert_eq!(name(user_agent), expected);
        }
    }
}
