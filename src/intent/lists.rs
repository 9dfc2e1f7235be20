//! Lists: putting things on them, taking them off, reading them out.

use super::saying::outcome::answered;
use super::turn::{Context, Decision, Reading, Slots, Turn, Understanding};
use super::words::lexicon::Sense;
use super::words::scan::Scan;
use crate::home::{Call, Command, EntityRef, Home, Kind, ListItem, NameOf};

/// The list that a sentence names: a todo entity, or the shopping list.
struct List {
    entity: Option<EntityRef>,
    /// The name for the slot; nothing for the shopping list.
    name: Option<String>,
    /// Its items in the scan, from and to.
    items: (usize, usize),
}

/// What a sentence about a list means; [`None`] where it is about none.
pub(super) fn understand_list(home: &Home, turn: &Turn<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let first = scan.items.iter().position(|i| !i.idle())?;
    let head = &scan.items[first];
    let Some(list) = find(home, scan) else { return ticked(home, turn, scan, head) };
    let asks = [Sense::What, Sense::Tell, Sense::Is, Sense::HowMany, Sense::Exist].iter().any(|s| head.is(*s));
    if asks && !head.verb(&["add", "complete", "remove"]) {
        return read_out(home, turn, scan, &list, first);
    }
    let (verb, from) = if head.verb(&["add", "complete", "remove"]) {
        (head, head.words.1)
    } else {
        // «I need milk added to my list»
        let at = scan.items.iter().position(|i| matches!(scan.plain(i).as_str(), "added" | "put"))?;
        return add_before(home, turn, scan, &list, first, at);
    };
    let end = boundary(scan, list.items.0)?;
    let item = scan.said(from, end);
    if item.is_empty() {
        return None;
    }
    let off = scan.plain(verb).contains("off") || scan.items[first..list.items.0].iter().any(|i| i.is(Sense::Off));
    if verb.verb(&["add"]) && !off && !verb.verb(&["complete"]) {
        return Some(added(home, turn, &list, item));
    }
    let removes = verb.verb(&["remove"]) && list.name.is_some() && !verb.verb(&["complete"]);
    let edit = if removes { Edit::Remove } else { Edit::Complete };
    Some(taken(home, turn, &list, edit, item))
}

/// Takes off or ticks what was said, each thing as it stands on the list; one that does not stand there is told, and
/// nothing is done.
fn taken(home: &Home, turn: &Turn<'_>, list: &List, how: Edit, item: &str) -> Understanding {
    if let Some(there) = standing(home, list, item) {
        return edit(home, turn, list, how, &there);
    }
    let each: Vec<_> = things(item).into_iter().map(|one| (one, standing(home, list, one))).collect();
    if let Some((missing, _)) = each.iter().find(|(_, there)| there.is_none()) {
        return edit(home, turn, list, how, missing);
    }
    let mut all = each.into_iter().filter_map(|(_, there)| Some(edit(home, turn, list, how, &there?)));
    let Some(mut out) = all.next() else { return edit(home, turn, list, how, item) };
    for other in all {
        out.readings.extend(other.readings);
        out.calls.extend(other.calls);
        out.say = format!("{} {}", out.say, other.say);
    }
    out
}

/// Puts what was said on a list; on a shopping list each thing that was named for itself.
fn added(home: &Home, turn: &Turn<'_>, list: &List, item: &str) -> Understanding {
    let mut out = edit(home, turn, list, Edit::Add, item);
    let buys =
        list.name.is_none() || list.entity.and_then(|e| home.entity(e)).is_some_and(|e| shopping(&e.id, &e.name));
    if let (true, [call]) = (buys, out.calls.as_slice()) {
        let each = things(item).into_iter();
        let targets = call.targets.clone();
        out.calls =
            each.map(|one| Call { command: Command::AddItem(one.to_owned()), targets: targets.clone() }).collect();
    }
    out
}

/// Dishes that are one thing for all their «and».
const ONE_DISH: [&str; 6] =
    ["mac and cheese", "macaroni and cheese", "half and half", "fish and chips", "salt and vinegar", "sweet and sour"];

/// What «milk, eggs and bread» names: three things. Whatever is longer than names of things is left whole.
fn things(item: &str) -> Vec<&str> {
    let low = item.to_lowercase();
    if low.len() != item.len() || ONE_DISH.iter().any(|dish| low.contains(dish)) || low.contains(" and a half") {
        return vec![item];
    }
    let parts: Vec<&str> = item
        .split(',')
        .flat_map(|part| part.split(" and "))
        .map(|part| {
            part.trim().trim_start_matches("and ").trim_matches(|c: char| c.is_whitespace() || ".!?\"'".contains(c))
        })
        .filter(|part| !part.is_empty())
        .collect();
    let short = parts.iter().all(|part| part.split_whitespace().count() <= THING_WORDS);
    if short && (2..=THINGS).contains(&parts.len()) { parts } else { vec![item] }
}

/// Words of a thing («a dozen free range eggs»), and how many things one sentence may name.
const THING_WORDS: usize = 5;
const THINGS: usize = 16;

/// «tick off the milk», «mark call mum as done»: an item that stands on one list only says which.
fn ticked(home: &Home, turn: &Turn<'_>, scan: &Scan<'_>, head: &super::words::item::Item) -> Option<Understanding> {
    if !head.verb(&["complete", "remove"]) || head.named() {
        return None;
    }
    let said = scan.said(head.words.1, scan.words.len());
    let said = said.trim_matches(|c: char| c.is_whitespace() || ",.!?\"'".contains(c));
    let done = [" as done", " as complete", " as completed", " as finished", " off", " done"];
    let item = done.iter().find_map(|end| said.strip_suffix(end)).unwrap_or(said);
    let todo = home.entities.iter().enumerate().filter(|(_, e)| e.kind == Kind::Todo);
    let lists = todo.map(|(place, e)| {
        let name = (!shopping(&e.id, &e.name)).then(|| e.name.clone());
        List { entity: Some(EntityRef(place)), name, items: (0, 0) }
    });
    let unnamed = List { entity: None, name: None, items: (0, 0) };
    let mut bearers = lists.chain([unnamed]).filter(|list| standing(home, list, item).is_some());
    let list = bearers.next()?;
    if bearers.next().is_some() {
        return None;
    }
    let item = standing(home, &list, item)?;
    let removes = head.verb(&["remove"]) && !head.verb(&["complete"]) && list.name.is_some();
    Some(edit(home, turn, &list, if removes { Edit::Remove } else { Edit::Complete }, &item))
}

/// The item of a list that is meant, as it stands there: an article more or less is no other item.
fn standing(home: &Home, list: &List, item: &str) -> Option<String> {
    let bare = |text: &str| {
        let slug = crate::home::words::slug(text);
        let article =
            ["the_", "some_", "a_", "an_", "my_"].iter().find_map(|a| slug.strip_prefix(a).map(str::to_owned));
        article.unwrap_or(slug)
    };
    let open = items(home, list).iter().filter(|i| !i.done);
    open.filter(|i| !bare(item).is_empty() && bare(&i.summary) == bare(item)).map(|i| i.summary.clone()).next()
}

/// «… milk added to …»
fn add_before(
    home: &Home,
    turn: &Turn<'_>,
    scan: &Scan<'_>,
    list: &List,
    first: usize,
    at: usize,
) -> Option<Understanding> {
    if at <= first || at > list.items.0 {
        return None;
    }
    let item = scan.said(scan.items[first].words.0, scan.items[at].words.0);
    (!item.is_empty()).then(|| added(home, turn, list, item))
}

/// The word behind the item: where «to my», «off the», «from» begin.
fn boundary(scan: &Scan<'_>, list: usize) -> Option<usize> {
    let mut at = list;
    while let Some(before) = at.checked_sub(1) {
        let item = &scan.items[before];
        let glue = item.is(Sense::Prep) || item.is(Sense::Det) || item.is(Sense::Off) || item.is(Sense::On);
        let done =
            matches!(scan.plain(item).as_str(), "as" | "done" | "complete" | "completed" | "finished" | "bought");
        if !glue && !done {
            break;
        }
        at = before;
    }
    (at < list).then(|| scan.items[at].words.0)
}

fn find(home: &Home, scan: &Scan<'_>) -> Option<List> {
    let todo = |i: usize| {
        scan.items[i].hits.iter().find_map(|h| match h.of {
            NameOf::Entity(e) if home.entity(e).is_some_and(|e| e.kind == Kind::Todo) => Some(e),
            _ => None,
        })
    };
    let is_list =
        |i: usize| scan.items.get(i).is_some_and(|it| it.is(Sense::Attr("list")) || it.is(Sense::Kind("todo")));
    for i in (0..scan.items.len()).rev() {
        if let Some(e) = todo(i) {
            let end = if is_list(i + 1) { i + 2 } else { i + 1 };
            let name = home.entity(e).map(|e| e.name.clone());
            return last(scan, end).then_some(List { entity: Some(e), name, items: (i, end) });
        }
    }
    for i in (0..scan.items.len()).rev() {
        let item = &scan.items[i];
        if item.is(Sense::Attr("shopping")) || is_list(i) {
            // «to my gardening list» is some other list.
            let before = i.checked_sub(1).map(|b| &scan.items[b]);
            let generic =
                item.is(Sense::Attr("shopping")) || before.is_some_and(|b| b.is(Sense::Det) || b.is(Sense::Prep));
            let end = if item.is(Sense::Attr("shopping")) && is_list(i + 1) { i + 2 } else { i + 1 };
            let entity =
                home.entities.iter().position(|e| e.kind == Kind::Todo && shopping(&e.id, &e.name)).map(EntityRef);
            return (generic && last(scan, end)).then_some(List { entity, name: None, items: (i, end) });
        }
    }
    None
}

fn shopping(id: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    id == "todo.shopping_list" || name.contains("shopping") || name.contains("grocer")
}

/// Only idle words follow the list.
fn last(scan: &Scan<'_>, end: usize) -> bool {
    let closing = |i: &super::words::item::Item| {
        i.idle()
            || i.is(Sense::Question)
            || i.is(Sense::And)
            || i.is(Sense::Here)
            || i.is(Sense::Exist)
            || matches!(i.senses.as_slice(), [Sense::Verb("complete"), ..])
    };
    scan.items[end..].iter().all(|i| closing(i) || i.is(Sense::Prep) || scan.plain(i) == "done")
}

/// What is done to an item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit {
    Add,
    Remove,
    Complete,
}

fn edit(home: &Home, turn: &Turn<'_>, list: &List, how: Edit, item: &str) -> Understanding {
    let item = item.trim_matches(|c: char| c.is_whitespace() || ",.!?\"'".contains(c));
    let mut slots = Slots::default();
    slots.set("item", item);
    let listed = called(list);
    let (intent, say) = match (how, &list.name) {
        (Edit::Add, None) => ("HassShoppingListAddItem", format!("Added {item} to the shopping list.")),
        (Edit::Add, Some(_)) => ("HassListAddItem", format!("Added {item} to the {listed} list.")),
        (Edit::Remove, _) => ("HassListRemoveItem", format!("Removed {item} from the {listed} list.")),
        (Edit::Complete, None) => ("HassShoppingListCompleteItem", format!("Checked off {item}.")),
        (Edit::Complete, Some(_)) => ("HassListCompleteItem", format!("Checked off {item} on the {listed} list.")),
    };
    if let Some(name) = &list.name {
        slots.set("name", name.as_str());
    }
    let reading = Reading { intent, slots };
    let on_it = |i: &&ListItem| crate::home::words::slug(&i.summary) == crate::home::words::slug(item) && !i.done;
    if how != Edit::Add && items(home, list).iter().find(on_it).is_none() {
        return answered(turn, vec![reading], format!("{item} is not on the {listed} list."));
    }
    let command = match how {
        Edit::Add => Command::AddItem,
        Edit::Remove => Command::RemoveItem,
        Edit::Complete => Command::CompleteItem,
    };
    Understanding {
        decision: Decision::Act,
        readings: vec![reading],
        calls: vec![Call { command: command(item.to_owned()), targets: list.entity.into_iter().collect() }],
        say,
        confidence: 1.0,
        open: false,
        context: Context { pending: None, ..turn.context.clone() },
    }
}

fn items<'h>(home: &'h Home, list: &List) -> &'h [ListItem] {
    list.entity.and_then(|e| home.entity(e)).map_or(&home.shopping, |e| &e.items)
}

/// Its name before the word «list»: a «Shopping List» is no «Shopping List list».
fn called(list: &List) -> &str {
    let name = list.name.as_deref().unwrap_or("shopping");
    let bare = name.len().checked_sub(5).filter(|at| name.is_char_boundary(*at)).map(|at| name.split_at(at));
    bare.filter(|(bare, end)| end.eq_ignore_ascii_case(" list") && !bare.is_empty()).map_or(name, |(bare, _)| bare)
}

/// «what is on my shopping list», «is there milk on the list»
fn read_out(home: &Home, turn: &Turn<'_>, scan: &Scan<'_>, list: &List, first: usize) -> Option<Understanding> {
    let open: Vec<String> = items(home, list).iter().filter(|i| !i.done).map(|i| i.summary.clone()).collect();
    let named = called(list);
    let mut slots = Slots::default();
    if let Some(name) = &list.name {
        slots.set("name", name.as_str());
    }
    let idle = |i: &super::words::item::Item| {
        i.idle()
            || i.is(Sense::Prep)
            || i.is(Sense::Is)
            || i.is(Sense::Exist)
            || i.is(Sense::Any)
            || i.is(Sense::All)
            || i.is(Sense::On)
            || i.is(Sense::What)
            || i.is(Sense::Kind("sensor"))
            || i.is(Sense::Attr("left"))
    };
    let asked: Vec<_> = scan.items[first + 1..list.items.0].iter().filter(|i| !idle(i)).collect();
    let say = match asked.as_slice() {
        _ if scan.items.iter().any(|i| i.is(Sense::HowMany)) => format!("{} on the {named} list.", open.len()),
        [] if open.is_empty() => format!("The {named} list is empty."),
        [] => format!("On the {named} list: {}.", super::saying::spoken::listed(&open, "and")),
        [one, ..] => {
            let item = scan.said(one.words.0, asked[asked.len() - 1].words.1);
            if matches!(scan.plain(one).as_str(), "items" | "things" | "item" | "entries" | "tasks" | "left") {
                format!("{} on the {named} list.", open.len())
            } else {
                slots.set("item", item);
                let there = open.iter().any(|i| crate::home::words::slug(i) == crate::home::words::slug(item));
                format!(
                    "{}, {item} is {}on the {named} list.",
                    if there { "Yes" } else { "No" },
                    if there { "" } else { "not " }
                )
            }
        }
    };
    Some(answered(turn, vec![Reading { intent: "HassListGetItems", slots }], say))
}
