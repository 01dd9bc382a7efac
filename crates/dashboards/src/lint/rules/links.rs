//! A link that loses the time range or the datasource makes people choose them anew while something burns.

use crate::{
    lint::{
        board::{Board, name},
        check::{Neighbours, World},
        finding::Found,
    },
    model::Link,
};

const DATASOURCE: &str = "${datasource:queryparam}";
const TIME: &str = "${__url_time_range}";

pub(super) fn links(board: &Board, _: &World, neighbours: &Neighbours, found: &mut Found<'_>) {
    for (place, link) in all(board) {
        for complaint in complaints(&link, neighbours) {
            found.at(&*place, format!("the link {:?}: {complaint}", link.title));
        }
    }
    if !board.model.links.iter().any(|link| link.kind == "dashboards") {
        found.dashboard("there must be a link of the type dashboards, which leads to all others");
    }
}

fn all(board: &Board) -> Vec<(String, Link)> {
    let of_board = board.model.links.iter().filter(|link| link.kind != "dashboards");
    let mut all: Vec<_> = of_board.map(|link| ("dashboard".to_owned(), link.clone())).collect();
    for panel in board.panels() {
        let fields = &panel.field_config;
        let overrides = fields.overrides.iter().flat_map(|one| &one.properties);
        let overridden = overrides.filter(|property| property.id == "links");
        let overridden =
            overridden.filter_map(|property| serde_json::from_value::<Vec<Link>>(property.value.clone()).ok());
        let links = panel.links.iter().chain(&fields.defaults().links).cloned();
        all.extend(links.chain(overridden.flatten()).map(|link| (name(panel), link)));
    }
    all
}

fn complaints(link: &Link, neighbours: &Neighbours) -> Vec<String> {
    let (path, query) = link.url.split_once('?').unwrap_or((&link.url, ""));
    let Some(uid) = path.strip_prefix("/d/") else {
        return vec![format!("{} is not /d/UID?…", link.url)];
    };
    let Some(variables) = neighbours.variables.get(uid) else {
        return vec![format!("no dashboard has the uid {uid:?}")];
    };
    let carries = [
        (DATASOURCE, query.contains(DATASOURCE)),
        (TIME, link.keep_time || query.contains(TIME)),
    ];
    let lost = carries.into_iter().filter(|(_, carried)| !carried);
    let lost = lost.map(|(carried, _)| format!("{carried} is to go along"));
    let named = query
        .split('&')
        .filter_map(|part| part.strip_prefix("var-")?.split('=').next());
    let carried = query
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once(":queryparam}").map(|(name, _)| name));
    let unknown = named.chain(carried).filter(|variable| !variables.contains(*variable));
    let unknown = unknown.map(|variable| format!("the dashboard {uid} has no variable {variable:?}"));
    lost.chain(unknown).collect()
}
