//! How much came, how fast, in what time.

/// A dot for each KiB, fifty in a row.
pub(super) fn dots(size: u64, length: Option<u64>, took: f64) -> String {
    let mut text = String::new();
    let rows = (size / 1024 / 50).max(u64::from(size > 0)).max(1);
    for row in 0..rows {
        let in_row = (size / 1024 - row * 50).min(50);
        let mut line = String::new();
        for dot in 0..50 {
            line.push_str(if dot % 10 == 0 { " " } else { "" });
            line.push(if dot < in_row { '.' } else { ' ' });
        }
        let upto = ((row + 1) * 50 * 1024).min(size);
        let percent =
            length.map_or("    ".to_string(), |length| format!("{:>3}%", upto * 100 / length.max(1)));
        let speed = short_rate(size, took);
        let last = row + 1 == rows;
        let end = if last { format!("={}s", duration(took)) } else { " 0s".into() };
        text.push_str(&format!("{:>6}K{line}{percent} {speed:>5}{end}\n", row * 50));
    }
    text + "\n"
}

fn digits(value: f64) -> String {
    match value {
        value if value >= 99.95 => format!("{value:.0}"),
        value if value >= 9.995 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

fn scaled(size: u64, took: f64) -> (f64, usize) {
    let mut value = size as f64 / took.max(1e-6);
    let mut unit = 0;
    while value >= 1024.0 && unit < 3 {
        value /= 1024.0;
        unit += 1;
    }
    (value, unit)
}

/// `149 MB/s`
pub(super) fn rate(size: u64, took: f64) -> String {
    let (value, unit) = scaled(size, took);
    format!("{} {}", digits(value), ["B/s", "KB/s", "MB/s", "GB/s"][unit])
}

/// `149M`
fn short_rate(size: u64, took: f64) -> String {
    let (value, unit) = scaled(size, took);
    format!("{}{}", digits(value), ["", "K", "M", "G"][unit])
}

pub(super) fn duration(took: f64) -> String {
    match took {
        took if took < 0.0005 => "0".into(),
        took if took < 0.00995 => format!("{took:.3}"),
        took if took < 0.0995 => format!("{took:.2}"),
        took if took < 9.95 => format!("{took:.1}"),
        took => format!("{took:.0}"),
    }
}
