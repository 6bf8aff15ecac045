//! Dates. The server does not know the reader's time zone, so a page says how long ago something was, or names the time
//! of Paris.

use web::{Lang, UnixTime};

const SECONDS_PER_DAY: i64 = 86_400;

/// Year, month and day of a number of days since 1970-01-01.
const fn civil(days: i64) -> (i64, i64, i64) {
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
    (year, month, day)
}

/// RFC 3339, to the minute.
pub(crate) fn rfc3339(time: UnixTime) -> String {
    let (year, month, day) = civil(time.0.div_euclid(SECONDS_PER_DAY));
    let minutes = time.0.rem_euclid(SECONDS_PER_DAY) / 60;
    format!("{year}-{month:02}-{day:02}T{:02}:{:02}:00Z", minutes / 60, minutes % 60)
}

/// How long ago `time` was: `à l’instant`, `il y a 2 min`, `il y a 3 h`.
pub(crate) fn ago(time: UnixTime, now: UnixTime, lang: Lang) -> String {
    let minutes = now.0.saturating_sub(time.0) / 60;
    let (number, unit) = if minutes < 60 { (minutes, "min") } else { (minutes / 60, "h") };
    match (number, lang) {
        (..=0, _) => lang.pick("à l’instant", "just now").to_string(),
        (_, Lang::Fr) => format!("il y a {number}\u{a0}{unit}"),
        (_, Lang::En) => format!("{number}\u{a0}{unit} ago"),
    }
}

/// The hour in Paris at which the next day begins in UTC, when quotas are renewed: 2 in summer time, else 1.
pub(crate) const fn renewal_hour_in_paris(now: UnixTime) -> u8 {
    if is_summer_time(now.0.div_euclid(SECONDS_PER_DAY) + 1) { 2 } else { 1 }
}

/// Whether summer time holds in Paris when this day begins in UTC. It changes at 01:00 UTC on the last Sundays of March
/// and October (directive 2000/84/EC).
const fn is_summer_time(days: i64) -> bool {
    let (_, month, day) = civil(days);
    let last_of_month = days + 31 - day;
    // 1970-01-01 was a Thursday.
    let last_sunday = last_of_month - (last_of_month + 4).rem_euclid(7);
    match month {
        3 => days > last_sunday,
        4..=9 => true,
        10 => days <= last_sunday,
        _ => false,
    }
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
    }

    #[test]
    fn a_time_is_told_by_how_long_ago_it_was() {
        let check = |seconds: i64, fr: &str, en: &str| {
            let (time, now) = (UnixTime(1_795_446_240), UnixTime(1_795_446_240 + seconds));
            assert_eq!((ago(time, now, Lang::Fr).as_str(), ago(time, now, Lang::En).as_str()), (fr, en));
        };
        check(-5, "à l’instant", "just now");
        check(59, "à l’instant", "just now");
        check(60, "il y a 1\u{a0}min", "1\u{a0}min ago");
        check(3599, "il y a 59\u{a0}min", "59\u{a0}min ago");
        check(3600, "il y a 1\u{a0}h", "1\u{a0}h ago");
        check(43_000, "il y a 11\u{a0}h", "11\u{a0}h ago");
    }

    #[test]
    fn quotas_are_renewed_at_one_in_winter_and_at_two_in_summer() {
        let check = |days: i64, hour| {
            let noon = UnixTime(days * SECONDS_PER_DAY + SECONDS_PER_DAY / 2);
            assert_eq!(renewal_hour_in_paris(noon), hour, "{}", rfc3339(noon));
        };
        // 2026-11-23; the days around the changes of 2026-03-29 and 2026-10-25; 2026-07-01; 2026-12-31.
        check(20_780, 1);
        check(20_540, 1);
        check(20_541, 2);
        check(20_635, 2);
        check(20_750, 2);
        check(20_751, 1);
        check(20_818, 1);
    }
}
