//! Dates in UTC: the server does not know the reader's time zone.

use web::{Lang, UnixTime};

/// Year, month, day, hour, minute.
const fn fields(time: UnixTime) -> (i64, i64, i64, i64, i64) {
    let (days, seconds) = (time.0.div_euclid(86_400), time.0.rem_euclid(86_400));
    // Howard Hinnant's days-to-civil: a year starts in March, so that the leap day is its last day.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day, seconds / 3600, seconds / 60 % 60)
}

/// `23/11/2026 à 15:04 UTC`, `2026-11-23 15:04 UTC`.
pub(crate) fn localized(time: UnixTime, lang: Lang) -> String {
    let (year, month, day, hour, minute) = fields(time);
    match lang {
        Lang::Fr => format!("{day:02}/{month:02}/{year} à {hour:02}:{minute:02} UTC"),
        Lang::En => format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02} UTC"),
    }
}

/// RFC 3339, to the minute.
pub(crate) fn rfc3339(time: UnixTime) -> String {
    let (year, month, day, hour, minute) = fields(time);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let check = |seconds, expected: &str| assert_eq!(rfc3339(UnixTime(seconds)), expected);
        check(0, "1970-01-01T00:00:00Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        check(951_868_800, "2000-03-01T00:00:00Z");
        check(1_795_446_240, "2026-11-23T15:04:00Z");
        check(4_102_444_799, "2099-12-31T23:59:00Z");
        assert_eq!(localized(UnixTime(1_795_446_240), Lang::Fr), "23/11/2026 à 15:04 UTC");
    }
}
