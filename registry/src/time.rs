//! Times as events and DID metadata write them: `YYYY-MM-DDThh:mm:ssZ`, UTC, whole seconds.

/// Seconds from 1970-01-01T00:00:00Z to the last second of the year 9999.
const SECONDS_MAX: u64 = 253_402_300_799;

/// Milliseconds since 1970 of a time text. `None` for any other spelling, for dates that do not
/// exist and for times before 1970.
pub fn parse(text: &str) -> Option<u64> {
    let bytes: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let [
        y0,
        y1,
        y2,
        y3,
        b'-',
        m0,
        m1,
        b'-',
        d0,
        d1,
        b'T',
        h0,
        h1,
        b':',
        i0,
        i1,
        b':',
        s0,
        s1,
        b'Z',
    ] = *bytes
    else {
        return None;
    };
    let year = number(&[y0, y1, y2, y3])?;
    let (month, day) = (number(&[m0, m1])?, number(&[d0, d1])?);
    let (hour, minute, second) = (number(&[h0, h1])?, number(&[i0, i1])?, number(&[s0, s1])?);
    let exists = year >= 1970
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    exists.then(|| {
        let days = days_before_year(year) + days_before_month(year, month) + day - 1;
        (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000
    })
}

/// The time text of a moment in milliseconds since 1970, rounded down to the second. Moments after
/// the year 9999 are written as its last second.
pub fn format(milliseconds: u64) -> String {
    let seconds = (milliseconds / 1000).min(SECONDS_MAX);
    let (mut days, second) = (seconds / 86_400, seconds % 86_400);
    // A guess that is never too late, then at most a few steps.
    let mut year = 1970 + days / 366;
    while days_before_year(year + 1) <= days {
        year += 1;
    }
    days -= days_before_year(year);
    let mut month = 1;
    while month < 12 && days_before_month(year, month + 1) <= days {
        month += 1;
    }
    let day = days - days_before_month(year, month) + 1;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |sum, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + u64::from(digit - b'0'))
    })
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_before_month(year: u64, month: u64) -> u64 {
    (1..month).map(|month| days_in_month(year, month)).sum()
}

fn days_before_year(year: u64) -> u64 {
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    (year - 1970) * 365 + leaps(year - 1) - leaps(1969)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_moments_agree() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-11-21T22:18:23Z", 1_795_299_503),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("9999-12-31T23:59:59Z", SECONDS_MAX),
        ] {
            assert_eq!(parse(text), Some(seconds * 1000), "{text}");
            assert_eq!(format(seconds * 1000 + 999), text);
        }
        assert_eq!(format(u64::MAX), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for day in 0..146_097 {
            let moment = day * 86_400_000;
            assert_eq!(parse(&format(moment)), Some(moment));
        }
    }

    #[test]
    fn other_spellings_and_days_that_do_not_exist_are_refused() {
        for text in [
            "2026-11-21T22:18:23.000Z",
            "2026-11-21T22:18:23+00:00",
            "2026-11-21t22:18:23z",
            "2026-02-29T00:00:00Z",
            "2026-11-31T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "1969-12-31T23:59:59Z",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
