use super::*;

fn result_of(status_code: u64, protocol: &str) -> String {
    let protocol = Some(protocol.into());
    let report = Report {
        status_code: Some(Status::Number(status_code)),
        protocol,
        has_ended: true,
        ..Report::default()
    };
    RetrievalResult::of(report).to_string()
}

#[test]
fn the_borders_of_the_status_codes() {
    for (status, http, other) in [
        (0, "UNKNOWN_ERROR", "UNKNOWN_ERROR"),
        (199, "UNKNOWN_ERROR", "UNKNOWN_ERROR"),
        (200, "OK", "OK"),
        (299, "OK", "OK"),
        (300, "HTTP_300", "LASSIE_300"),
        (599, "HTTP_599", "LASSIE_599"),
        (600, "UNKNOWN_FETCH_ERROR", "UNKNOWN_FETCH_ERROR"),
        (601, "HTTP_601", "LASSIE_601"),
        (699, "HTTP_699", "LASSIE_699"),
        (700, "UNSUPPORTED_MULTIADDR_FORMAT", "UNSUPPORTED_MULTIADDR_FORMAT"),
        (799, "UNSUPPORTED_MULTIADDR_FORMAT", "UNSUPPORTED_MULTIADDR_FORMAT"),
        (800, "HTTP_800", "LASSIE_800"),
        (803, "HTTP_803", "LASSIE_803"),
        (900, "HTTP_900", "LASSIE_900"),
        (905, "HTTP_905", "LASSIE_905"),
        (u64::MAX, "HTTP_18446744073709551615", "LASSIE_18446744073709551615"),
    ] {
        assert_eq!((result_of(status, HTTP), result_of(status, "bitswap")), (http.into(), other.into()));
    }
}

#[test]
fn the_first_line_that_fits_decides() {
    let mut report = Report {
        indexer_result: Some("ERROR_404".into()),
        is_timeout: true,
        is_car_too_large: true,
        status_code: Some(Status::Number(502)),
        protocol: Some(HTTP.into()),
        has_ended: true,
    };
    assert_eq!(RetrievalResult::of(report.clone()).to_string(), "IPNI_ERROR_404");
    report.indexer_result = None;
    assert_eq!(RetrievalResult::of(report.clone()), RetrievalResult::Timeout);
    report.is_timeout = false;
    assert_eq!(RetrievalResult::of(report.clone()), RetrievalResult::CarTooLarge);
    report.is_car_too_large = false;
    assert_eq!(RetrievalResult::of(report.clone()), RetrievalResult::Http(502));
    assert_eq!(RetrievalResult::of(Report::default()), RetrievalResult::UnknownError);
}

#[test]
fn outages_of_the_indexer() {
    for (answer, expected) in [
        ("ERROR_500", true),
        ("ERROR_599", true),
        ("ERROR_404", false),
        ("ERROR_50", false),
        ("ERROR_5000", false),
        ("ERROR_5\u{e9}", false),
        ("NO_VALID_ADVERTISEMENT", false),
    ] {
        assert_eq!(RetrievalResult::Indexer(answer.into()).is_indexer_outage(), expected, "{answer}");
    }
    assert!(!RetrievalResult::Http(500).is_indexer_outage());
}
