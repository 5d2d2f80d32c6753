use super::*;

const VALUES: &[u8] = b"abcdef";

fn rows(column: &ByteColumn<'_>) -> Vec<Vec<u8>> {
    (0..column.len()).map(|row| column.get(row).to_vec()).collect()
}

#[test]
fn layouts_agree() {
    let slices: [&[u8]; 3] = [b"ab", b"cd", b"ef"];
    let columns = [
        ByteColumn::fixed(VALUES, 2, 3).unwrap(),
        ByteColumn::variable(VALUES, &[0, 2, 4, 6]).unwrap(),
        ByteColumn::arrow_binary(VALUES, &[0, 2, 4, 6]).unwrap(),
        ByteColumn::arrow_large_binary(VALUES, &[0, 2, 4, 6]).unwrap(),
        ByteColumn::slices(&slices),
    ];
    for column in columns {
        assert!(!column.is_empty());
        assert_eq!(rows(&column), slices);
        assert_eq!(column.get(3), b"");
        assert_eq!(column.get(usize::MAX), b"");
        for start in 0..5 {
            for end in 0..5 {
                let range = start.min(end).min(3)..end.min(3);
                let expected = slices.get(range).unwrap_or(&[]);
                assert_eq!(rows(&column.slice(start, end)), expected, "{start}..{end}");
            }
        }
    }
}

#[test]
fn empty_values_keep_their_rows() {
    let column = ByteColumn::fixed(&[], 0, 4).unwrap();
    assert_eq!(rows(&column), vec![Vec::<u8>::new(); 4]);
    assert_eq!(column.slice(1, 3).len(), 2);
}

#[test]
fn what_does_not_fit_is_refused() {
    let offset = |row| Err(ItemsError::Offset { row, length: 6 });
    let variable = |offsets: &[u64]| ByteColumn::variable(VALUES, offsets).map(|column| column.len());
    assert_eq!(variable(&[]), Err(ItemsError::NoOffsets));
    assert_eq!(variable(&[6]), Ok(0));
    assert_eq!(variable(&[0, 7]), offset(0));
    assert_eq!(variable(&[0, 3, 2]), offset(1));
    assert_eq!(variable(&[u64::MAX, 0]), offset(0));
    assert_eq!(ByteColumn::arrow_binary(VALUES, &[-1, 2]).map(|column| column.len()), offset(0));
    assert_eq!(ByteColumn::arrow_large_binary(VALUES, &[0, i64::MIN]).map(|column| column.len()), offset(0));
    let width = ByteColumn::fixed(VALUES, 4, 2).map(|column| column.len());
    assert_eq!(width, Err(ItemsError::Width { rows: 2, width: 4, found: 6 }));
    let overflow = ByteColumn::fixed(&[], usize::MAX, 2).map(|column| column.len());
    assert_eq!(overflow, Err(ItemsError::Width { rows: 2, width: usize::MAX, found: 0 }));
    assert_eq!(
        ItemsError::Width { rows: 2, width: 4, found: 6 }.to_string(),
        "expected 2 rows of 4 bytes, found 6 bytes"
    );
}

#[test]
fn columns_of_items_have_one_length() {
    let ids = [KeyId(0), KeyId(1), KeyId(2)];
    let three = ByteColumn::fixed(VALUES, 2, 3).unwrap();
    let two = ByteColumn::fixed(VALUES, 3, 2).unwrap();
    let found = |column| Err(ItemsError::Rows { column, expected: 3, found: 2 });
    assert_eq!(Items::new(&ids, two, three).map(|items| items.len()), found("messages"));
    assert_eq!(Items::new(&ids, three, two).map(|items| items.len()), found("signatures"));
    let items = Items::new(&ids, three, three).unwrap();
    assert_eq!(items.iter().nth(1), Some((KeyId(1), b"cd".as_slice(), b"cd".as_slice())));
    let end = items.slice(2, 9);
    assert_eq!((end.len(), end.is_empty()), (1, false));
    assert_eq!(end.iter().next(), Some((KeyId(2), b"ef".as_slice(), b"ef".as_slice())));
    assert!(items.slice(5, 2).is_empty());
}
