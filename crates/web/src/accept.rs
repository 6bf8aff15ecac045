//! What a client prefers: the weights of `Accept`, `Accept-Language` and `Accept-Encoding` (RFC 9110 §12.4.2, §12.5).

use http::{HeaderMap, HeaderName, header};

/// In thousandths, the finest step that the grammar allows.
pub(crate) type Weight = u16;

/// The items of a header over all of its lines, each with its weight: 1000 when it has none, 0 when it cannot be read.
pub(crate) fn weighted(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = (&str, Weight)> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| split(line, ',')).map(|item| {
        let mut parts = split(item, ';').map(str::trim);
        let value = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        (value, weight.map_or(1000, parse_weight))
    })
}

/// The offer that the client prefers among those that it names, in full or as `text/*`; the first of equals. `None`
/// when it names none of them, as with `*/*` or without `Accept`.
///
/// An offer of `application/json` is also named by any format that is made of JSON (`application/problem+json`).
#[must_use]
pub fn preferred<T: Copy>(headers: &HeaderMap, offers: &[(&str, T)]) -> Option<T> {
    let mut best = (0, Precision::Any, None);
    for (media_type, offer) in offers {
        // The most precise range decides the weight of an offer, and among equal weights the more precise one wins.
        let ranges = weighted(headers, header::ACCEPT)
            .filter_map(|(range, weight)| Some((precision(range, media_type)?, weight)));
        let Some((precision, weight)) = ranges.max() else { continue };
        if weight > 0 && (weight, precision) > (best.0, best.1) {
            best = (weight, precision, (precision > Precision::Any).then_some(*offer));
        }
    }
    best.2
}

/// Whether the client accepts gzip (RFC 9110 §12.5.3). Without the header, only the uncompressed form is sent.
#[must_use]
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let weight = |name: &str| {
        let codings = weighted(headers, header::ACCEPT_ENCODING);
        codings.filter(|(coding, _)| coding.eq_ignore_ascii_case(name)).map(|(_, weight)| weight).max()
    };
    weight("gzip").or_else(|| weight("*")).is_some_and(|weight| weight > 0)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    /// `*/*`
    Any,
    /// `text/*`
    Type,
    /// `text/html`
    Full,
}

/// How precisely a media range names `media_type`; `None` when it does not.
fn precision(range: &str, media_type: &str) -> Option<Precision> {
    let (range_type, range_subtype) = range.split_once('/')?;
    let (own_type, own_subtype) = media_type.split_once('/')?;
    let of_json = |subtype: &str| subtype.to_ascii_lowercase().ends_with("+json");
    if range_type.eq_ignore_ascii_case(own_type) {
        let named = range_subtype.eq_ignore_ascii_case(own_subtype)
            || media_type == "application/json" && of_json(range_subtype);
        return if named { Some(Precision::Full) } else { (range_subtype == "*").then_some(Precision::Type) };
    }
    (range == "*/*").then_some(Precision::Any)
}

/// Reads `0.25`; more lenient than the grammar, because some clients are: `.25` and further digits are read as well.
/// Without floating point, whose parser would add 17 KB to each component.
fn parse_weight(text: &str) -> Weight {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    let thousandths = digits
        .try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + Weight::from(digit - b'0')));
    match (whole, thousandths) {
        ("1", Some(0)) => 1000,
        ("0" | "", Some(weight)) => weight,
        _ => 0,
    }
}

/// Cuts at `separator`, but not within a quoted string (RFC 9110 §5.6.4).
fn split(list: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    list.split(move |character| {
        let is_escaped = std::mem::replace(&mut escaped, false);
        match character {
            '"' if !is_escaped => quoted = !quoted,
            '\\' if quoted && !is_escaped => escaped = true,
            _ => {}
        }
        character == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn accept(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::ACCEPT, HeaderValue::from_str(line).unwrap())).collect()
    }

    #[test]
    fn each_item_has_its_weight() {
        let headers = accept(&[
            "a, b;q=0.5;x=1, c ; Q=.25",
            "d;q=1.0, e;q=x, f;q=-1, g;q=2, h;x=\"i, \\\"j;q=0\";q=0.0019, k;q=0.5x",
        ]);
        let items: Vec<_> = weighted(&headers, header::ACCEPT).collect();
        let expected = [
            ("a", 1000),
            ("b", 500),
            ("c", 250),
            ("d", 1000),
            ("e", 0),
            ("f", 0),
            ("g", 0),
            ("h", 1),
            ("k", 0),
        ];
        assert_eq!(items, expected);
    }

    #[test]
    fn the_heaviest_offer_that_is_named_is_preferred() {
        let check = |accept_line: &str, expected: Option<&str>| {
            let offers = [("text/html", "html"), ("application/json", "json"), ("text/markdown", "markdown")];
            assert_eq!(preferred(&accept(&[accept_line]), &offers), expected, "{accept_line}");
        };
        check("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some("html"));
        check("application/json, text/plain, */*", Some("json"));
        check("application/json;q=0.5, text/html;q=0.4", Some("json"));
        check("application/json, text/html", Some("html"));
        check("application/problem+json", Some("json"));
        check("APPLICATION/JSON", Some("json"));
        check("application/*", Some("json"));
        check("text/*;q=0.1", Some("html"));
        check("text/*, text/html;q=0", Some("markdown"));
        check("text/markdown, text/*", Some("markdown"));
        check("text/html-like, x-application/json", None);
        check("text/html;q=0", None);
        check("*/*", None);
        check("image/png", None);
        check("json", None);
        check("", None);
        assert_eq!(preferred(&HeaderMap::new(), &[("text/html", ())]), None);
    }

    #[test]
    fn gzip_is_accepted_only_where_it_is_named_or_everything_is() {
        let check = |line: &str, expected| {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, line.parse().unwrap())]);
            assert_eq!(accepts_gzip(&headers), expected, "{line}");
        };
        check("gzip, deflate, br, zstd", true);
        check("br;q=1.0, GZIP;q=0.2", true);
        check("*", true);
        check("", false);
        check("identity", false);
        check("gzip;q=0", false);
        check("gzip;q=0.0, *", false);
        check("gzip; q=nonsense", false);
        check("x-gzipped", false);
    }
}
