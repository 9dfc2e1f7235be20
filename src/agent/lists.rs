//! Lists that the service keeps: an item is on disk before anybody hears that it was added.

use super::Behalf;
use super::world::World;
use crate::base::{Code, Fault, limits};
use crate::home::{Call, Change, Command, EntityRef, Home, Kind, ListItem, words};
use crate::store::{ListItem as Row, Store, StoreError};

/// The list of a home where no entity is one.
const SHOPPING: &str = "todo.shopping_list";

/// Edits a list as one was told to; what changed. It is on disk then.
///
/// # Errors
/// [`Code::Full`] for a list that is full, [`Code::BadInput`] for a call that is about no list, what the store says.
pub(super) async fn change(world: &World, call: &Call, behalf: Behalf<'_>) -> Result<Vec<Change>, Fault> {
    let _one = world.lists.lock().await;
    let list = {
        let home = world.home();
        match call.targets.first() {
            Some(target) => home.entity(*target).filter(|it| it.kind == Kind::Todo).map(|it| it.id.clone()),
            None => Some(SHOPPING.to_owned()),
        }
    };
    let list = list.ok_or_else(|| Fault::new(Code::BadInput, "That is no list."))?;
    let (store, who) = (&world.store, &behalf.principal.name);
    let rows = store.items(&list).await?;
    match &call.command {
        Command::AddItem(item) => {
            if rows.len() >= limits::LIST_ITEMS {
                make_room(store, &rows).await?;
            }
            store.add_item(who, &list, item).await?;
        }
        Command::CompleteItem(item) | Command::RemoveItem(item) => {
            let same = |row: &&Row| words::slug(&row.text) == words::slug(item) && row.done_ms.is_none();
            match (rows.iter().find(same), &call.command) {
                (Some(row), Command::RemoveItem(_)) => store.remove_item(row.id).await?,
                (Some(row), _) => store.tick_item(row.id).await?,
                // It stands in the settings: ticked off is all that can be kept of it.
                (None, _) => {
                    let id = store.add_item(who, &list, item).await?;
                    store.tick_item(id).await?;
                }
            }
        }
        _ => return Err(Fault::new(Code::BadInput, "That cannot be done to a list.")),
    }
    Ok(world.take_in(|home| edited(home, call)))
}

fn edited(home: &mut Home, call: &Call) -> Vec<Change> {
    let list = match call.targets.first() {
        Some(target) => home.entities.get_mut(target.0).map(|entity| &mut entity.items),
        None => Some(&mut home.shopping),
    };
    if let Some(items) = list.filter(|items| items.len() >= limits::LIST_ITEMS)
        && let Some(done) = items.iter().position(|item| item.done)
    {
        items.remove(done);
    }
    home.simulate_call(call).changes
}

/// The oldest item that was ticked off goes.
async fn make_room(store: &Store, rows: &[Row]) -> Result<(), Fault> {
    let Some(done) = rows.iter().find(|row| row.done_ms.is_some()) else {
        return Err(Fault::new(Code::Full, format!("A list has at most {} items.", limits::LIST_ITEMS)));
    };
    Ok(store.remove_item(done.id).await?)
}

/// Reads every list of the home from the store; items of the settings that are not there yet come first.
///
/// # Errors
/// What the store says.
pub(super) async fn take_up(world: &World) -> Result<(), StoreError> {
    let lists: Vec<(Option<EntityRef>, String)> = {
        let home = world.home();
        let todo = home.entities.iter().enumerate().filter(|(_, it)| it.kind == Kind::Todo);
        let todo = todo.map(|(place, it)| (Some(EntityRef(place)), it.id.clone()));
        todo.chain([(None, SHOPPING.to_owned())]).collect()
    };
    for (entity, id) in lists {
        let rows = world.store.items(&id).await?;
        let mut home = world.home();
        let items = match entity {
            Some(entity) => home.entities.get_mut(entity.0).map(|it| &mut it.items),
            None => Some(&mut home.shopping),
        };
        let Some(items) = items else { continue };
        items.retain(|item| rows.iter().all(|row| words::slug(&row.text) != words::slug(&item.summary)));
        items.extend(rows.into_iter().map(|row| ListItem { summary: row.text, done: row.done_ms.is_some() }));
        let open = items.iter().filter(|item| !item.done).count().to_string();
        if let Some(it) = entity.and_then(|entity| home.entities.get_mut(entity.0)) {
            it.state = open;
        }
    }
    Ok(())
}
