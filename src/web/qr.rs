//! A QR code as a path for an inline SVG: no image to fetch, no style attribute for the policy to forbid.

use qrcode::{Color, EcLevel, QrCode};

/// A square of dark and light modules.
#[derive(Clone, Debug)]
pub(super) struct Qr {
    /// How wide it is with its quiet zone, in modules.
    pub(super) width: usize,
    /// The dark ones, for the `d` of a path.
    pub(super) path: String,
}

/// The margin that scanners need around it (ISO/IEC 18004 §6.3.8).
const QUIET_ZONE: usize = 4;

/// The code for `text`, if that is not too long for one.
pub(super) fn encode(text: &str) -> Option<Qr> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (width, colors) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        // One stroke for each run: a third of the text that a square each would take.
        for run in row.chunk_by(|one, other| one == other) {
            if run.first() == Some(&Color::Dark) {
                let (left, top, length) = (x + QUIET_ZONE, y + QUIET_ZONE, run.len());
                path.push_str(&format!("M{left} {top}h{length}v1h-{length}z"));
            }
            x += run.len();
        }
    }
    Some(Qr { width: width + 2 * QUIET_ZONE, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_draws_the_very_modules() {
        let qr = encode("otpauth://totp/Vestibule:ada?secret=GEZDGNBV").unwrap();
        let code =
            QrCode::with_error_correction_level("otpauth://totp/Vestibule:ada?secret=GEZDGNBV", EcLevel::M);
        let colors = code.unwrap().to_colors();
        let side = qr.width - 2 * QUIET_ZONE;

        let mut drawn = vec![false; qr.width * qr.width];
        for stroke in qr.path.split('z').filter(|stroke| !stroke.is_empty()) {
            let numbers = stroke.replace(['M', 'h', 'v'], " ").replace('-', " ");
            let numbers: Vec<usize> =
                numbers.split_whitespace().map(|number| number.parse().unwrap()).collect();
            let [x, y, length, 1, back] = numbers[..] else { panic!("{stroke}") };
            assert_eq!(length, back);
            (x..x + length).for_each(|x| drawn[y * qr.width + x] = true);
        }

        for y in 0..qr.width {
            for x in 0..qr.width {
                let inside = |at: usize| (QUIET_ZONE..QUIET_ZONE + side).contains(&at);
                let is_dark =
                    inside(x) && inside(y) && colors[(y - QUIET_ZONE) * side + x - QUIET_ZONE] == Color::Dark;
                assert_eq!(drawn[y * qr.width + x], is_dark, "{x} {y}");
            }
        }
    }

    #[test]
    fn what_is_too_long_for_one_has_none() {
        assert!(encode(&"x".repeat(4000)).is_none());
    }
}
