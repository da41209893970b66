//! Reads access tokens, one a line, and says of each whether it is good.
//!
//! ```text
//! verify ISSUER AUDIENCE <tokens
//! ```
//! Ends with 0 if all were accepted, and with 1 if one was refused.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use vestibule::verify::Verifier;

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [issuer, audience] = arguments.as_slice() else {
        return Err("verify ISSUER AUDIENCE <tokens".into());
    };
    let verifier = Verifier::start(issuer, audience)?;
    if !verifier.wait_until_ready(Duration::from_secs(3)) {
        eprintln!("{issuer} does not answer yet; every token is refused until it does");
    }
    let mut ended = ExitCode::SUCCESS;
    for line in io::stdin().lines() {
        let said = match verifier.verify(line?.trim()) {
            Ok(claims) => format!("accepted {}", claims.preferred_username.unwrap_or(claims.sub)),
            Err(why) => {
                ended = ExitCode::FAILURE;
                format!("refused {why}")
            }
        };
        writeln!(io::stdout(), "{said}")?;
    }
    Ok(ended)
}
