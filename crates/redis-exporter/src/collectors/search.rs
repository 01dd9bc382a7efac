//! Search indexes. From FT._LIST, and from FT.INFO of each.

use exposition::{Desc, Kind};

use super::session::{Dialogue, Held, Session};
use crate::connection::{Reply, Request};
use crate::output::Output;

/// The dialogue.
pub(super) const DIALOGUE: Dialogue = Dialogue {
    when: |options, _| options.search_indexes.is_some(),
    hold,
};

/// Asked for at once: what is told of an index takes some kilobytes.
const AT_ONCE: usize = 100;

const MEGABYTE: f64 = 1_048_576.0;

/// Something that FT.INFO says.
struct Field {
    name: &'static str,
    metric: &'static str,
    help: &'static str,
    kind: Kind,
    factor: f64,
}

const fn gauge(name: &'static str, metric: &'static str, help: &'static str) -> Field {
    Field {
        name,
        metric,
        help,
        kind: Kind::Gauge,
        factor: 1.0,
    }
}

const fn megabytes(name: &'static str, metric: &'static str, help: &'static str) -> Field {
    Field {
        factor: MEGABYTE,
        ..gauge(name, metric, help)
    }
}

const FIELDS: &[Field] = &[
    gauge(
        "num_docs",
        "search_index_num_docs",
        "Number of documents in search index",
    ),
    gauge(
        "max_doc_id",
        "search_index_max_doc_id",
        "Maximum document ID in search index",
    ),
    gauge(
        "num_terms",
        "search_index_num_terms",
        "Number of distinct terms in search index",
    ),
    gauge(
        "num_records",
        "search_index_num_records",
        "Total number of records in search index",
    ),
    megabytes(
        "inverted_sz_mb",
        "search_index_inverted_size_bytes",
        "Memory used by the inverted index",
    ),
    gauge(
        "total_inverted_index_blocks",
        "search_index_total_inverted_index_blocks",
        "Total number of blocks in the inverted index",
    ),
    megabytes(
        "vector_index_sz_mb",
        "search_index_vector_index_size_bytes",
        "Memory used by the vector index, stores vectors associated with each document",
    ),
    megabytes(
        "offset_vectors_sz_mb",
        "search_index_offset_vectors_size_bytes",
        "Memory used by the offset vectors, store positional information for terms in documents",
    ),
    megabytes(
        "doc_table_size_mb",
        "search_index_doc_table_size_bytes",
        "Memory used by the document table, contains metadata about each document in the index",
    ),
    megabytes(
        "sortable_values_size_mb",
        "search_index_sortable_values_size_bytes",
        "Memory used by sortable values, used for sorting purposes",
    ),
    megabytes(
        "key_table_size_mb",
        "search_index_key_table_size_bytes",
        "Memory used by the key table, stores mapping between document IDs and keys",
    ),
    megabytes(
        "tag_overhead_sz_mb",
        "search_index_tag_overhead_size_bytes",
        "Size of the TAG index structures used for optimising performance",
    ),
    megabytes(
        "text_overhead_sz_mb",
        "search_index_text_overhead_size_bytes",
        "Size of the TEXT index structures used for optimising performance",
    ),
    megabytes(
        "total_index_memory_sz_mb",
        "search_index_total_index_memory_size_bytes",
        "Total memory consumed by all indexes in the DB",
    ),
    megabytes(
        "geoshapes_sz_mb",
        "search_index_geoshapes_size_bytes",
        "Memory used by GEO-related fields",
    ),
    gauge(
        "records_per_doc_avg",
        "search_index_avg_per_doc_records",
        "Average number of records (including deletions) per document",
    ),
    gauge(
        "bytes_per_record_avg",
        "search_index_avg_per_record_bytes",
        "Average size of each record in bytes",
    ),
    gauge(
        "offsets_per_term_avg",
        "search_index_avg_per_term_offsets",
        "Average number of offsets (position information) per term",
    ),
    gauge(
        "offset_bits_per_record_avg",
        "search_index_avg_per_record_offset_bits",
        "Average number of bits used for offsets per record",
    ),
    gauge(
        "indexing",
        "search_index_indexing",
        "Indicates whether the index is currently being generated",
    ),
    gauge(
        "percent_indexed",
        "search_index_percent_indexed",
        "Percentage of the index that has been successfully generated (0-1)",
    ),
    gauge(
        "hash_indexing_failures",
        "search_index_hash_indexing_failures",
        "Number of failures encountered during indexing",
    ),
    Field {
        kind: Kind::Counter,
        ..gauge(
            "number_of_uses",
            "search_index_number_of_uses_total",
            "Number of times the index has been used",
        )
    },
    gauge(
        "cleaning",
        "search_index_cleaning",
        "Index deletion flag. A value of 1 indicates index deletion is in progress",
    ),
];

/// An index, and what is told of it in the order of the fields.
struct Index {
    name: String,
    numbers: Vec<Option<f64>>,
}

fn hold<'h>(session: &'h mut Session<'_, '_>) -> Held<'h> {
    Box::pin(async move {
        let names = names(session).await?;
        let mut indexes = Vec::with_capacity(names.len());
        for names in names.chunks(AT_ONCE) {
            let mut request = Request::default();
            for name in names {
                request.push("FT.INFO", &["FT.INFO", name]);
            }
            let answers = session.ask(&request).await?;
            let replies = (0..).map_while(|number| answers.reply(number));
            indexes.extend(
                names
                    .iter()
                    .zip(replies)
                    .filter_map(|(name, reply)| parse(name, &reply)),
            );
        }
        tell(&indexes, session.out);
        Ok(())
    })
}

/// The indexes that are wanted.
async fn names(session: &mut Session<'_, '_>) -> Result<Vec<String>, crate::failure::Failure> {
    let mut request = Request::default();
    request.push("FT._LIST", &["FT._LIST"]);
    let answers = session.ask(&request).await?;
    let Some(wanted) = &session.options.search_indexes else {
        return Ok(Vec::new());
    };
    let list = answers.reply(0);
    let names = list.iter().filter_map(Reply::list).flatten().filter_map(Reply::text);
    Ok(names.filter(|name| wanted.is_match(name)).map(String::from).collect())
}

/// What a server does not know is 0. What is no number is left out; upstream then leaves out the index.
fn parse(name: &str, reply: &Reply<'_>) -> Option<Index> {
    reply.list()?;
    let numbers = FIELDS.iter().map(|field| {
        let value = reply.pairs().find(|(known, _)| known == field.name);
        let number = match value {
            None => Some(0.0),
            Some((_, Reply::Integer(number))) => Some(*number as f64),
            Some((_, value)) => value.text().and_then(|text| text.parse().ok()),
        };
        number.map(|number: f64| number * field.factor)
    });
    Some(Index {
        name: name.to_owned(),
        numbers: numbers.collect(),
    })
}

fn tell(indexes: &[Index], out: &mut Output<'_>) {
    for (place, field) in FIELDS.iter().enumerate() {
        let desc = Desc::new(field.metric, field.help, field.kind, &["index_name"]);
        out.family(&desc, |family| {
            for index in indexes {
                if let Some(Some(number)) = index.numbers.get(place) {
                    family.sample(&[&index.name], *number);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::{samples, written};

    fn reply<'b>(words: &[&'b str]) -> Reply<'b> {
        Reply::List(words.iter().map(|word| Reply::Text(word.as_bytes())).collect())
    }

    #[test]
    fn sizes_are_bytes_and_what_is_not_told_is_nothing() {
        let mut list = match reply(&[
            "index_name",
            "x",
            "inverted_sz_mb",
            "0.5",
            "num_docs",
            "x",
            "max_doc_id",
        ]) {
            Reply::List(list) => list,
            _ => Vec::new(),
        };
        list.push(Reply::Integer(13));
        list.extend([Reply::Text(b"attributes"), Reply::List(Vec::new())]);
        let index = parse("idx", &Reply::List(list)).unwrap();
        let lines = samples(|out| tell(&[index], out));
        for line in [
            r#"redis_search_index_inverted_size_bytes{index_name="idx"} 524288"#,
            r#"redis_search_index_max_doc_id{index_name="idx"} 13"#,
            r#"redis_search_index_cleaning{index_name="idx"} 0"#,
        ] {
            assert!(lines.iter().any(|found| found == line), "{line} {lines:?}");
        }
        assert_eq!(lines.len(), FIELDS.len() - 1, "{lines:?}");
    }

    #[test]
    fn an_average_of_nothing_costs_no_other_number() {
        let index = parse("idx", &reply(&["records_per_doc_avg", "-nan", "num_docs", "0"])).unwrap();
        let lines = samples(|out| tell(&[index], out));
        let line = r#"redis_search_index_avg_per_doc_records{index_name="idx"} NaN"#;
        assert!(lines.iter().any(|found| found == line), "{lines:?}");
        assert_eq!(lines.len(), FIELDS.len());
    }

    #[test]
    fn an_index_that_went_away_is_none() {
        assert!(parse("idx", &Reply::Error(b"ERR no such index")).is_none());
    }

    #[test]
    fn how_often_it_was_used_only_grows() {
        let index = parse("idx", &reply(&["number_of_uses", "4"])).unwrap();
        let text = written(|out| tell(&[index], out));
        assert!(
            text.contains("# TYPE redis_search_index_number_of_uses_total counter"),
            "{text}"
        );
    }
}
