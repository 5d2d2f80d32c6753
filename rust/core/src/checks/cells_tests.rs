use super::*;

#[test]
fn a_cell_has_its_centre_and_the_distance_to_its_farthest_vertex() {
    // Resolution 9 over the Sunset district of San Francisco, place computed with the grid's Python package.
    let place = cell_place("8928308280fffff").unwrap();
    assert_eq!(place.lat_e7, 377_767_023);
    assert_eq!(place.lon_e7, -1_224_184_593);
    assert!((150..=230).contains(&place.radius_m), "{}", place.radius_m);
    assert_eq!(cell_place("08928308280fffff"), Ok(place));
}

#[test]
fn a_pentagon_is_a_cell_too() {
    let place = cell_place("85080003fffffff").unwrap();
    assert!((6_000..=9_000).contains(&place.radius_m), "{}", place.radius_m);
}

#[test]
fn what_is_no_cell_is_refused_with_its_reason() {
    for text in [
        "",
        "8928308280FFFFF",
        "0x8928308280fffff",
        "8928308280ffff",
        "00008928308280fffff",
        "8928308280ffffé",
    ] {
        assert_eq!(cell_place(text), Err(CellError::Form), "{text}");
    }
    for text in ["ffffffffffffffff", "000000000000000", "8928308280ffff0", "f928308280fffff"] {
        assert_eq!(cell_place(text), Err(CellError::NoCell), "{text}");
    }
    assert_eq!(cell_place("8428309ffffffff"), Err(CellError::Resolution(4)));
}
