//! The exporter put together: inventory, reader, one collector a group, pages.

use std::sync::Arc;

use exporter_toolkit::app::Exporter;
use exporter_toolkit::collector::{CollectError, Collector};
use exporter_toolkit::scrape::RegistryBuilder;
use exposition::Encoder;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::container::Runtime;
use crate::groups::Group;
use crate::inventory::Inventory;
use crate::machine::{self, DockerVersion, Machine};
use crate::pages::{self, ContainerPages, ReadMachine, Troubles};
use crate::reader::Reader;
use crate::settings::Settings;

/// Files that stay open between scrapes, over all containers: those of a thousand. Each holds a page of the kernel's
/// memory, and saves the most of what it takes to read it.
const MOST_OPEN: u64 = 20_000;

/// Descriptors that are left for everything else: connections, walks, sockets of runtimes.
const RESERVED: u64 = 768;

/// Starts the inventory and makes the rest.
///
/// # Errors
/// When there are no cgroups to be read, where the path is named, or no thread can be started.
pub fn exporter(settings: Settings) -> Result<Exporter, Vec<String>> {
    let inventory = Inventory::start(&settings).map_err(|error| vec![error.to_string()])?;
    let inventory = Arc::new(inventory);
    let reader = Reader::new(
        Arc::<Inventory>::clone(&inventory),
        settings.groups.clone(),
        settings.paths.clone(),
        most_open(),
    );
    let reader = Arc::new(reader);
    let mut registry = RegistryBuilder::default();
    let with_topology = settings.groups.iter().any(|group| group.name == machine::TOPOLOGY);
    let docker = Arc::clone(&inventory);
    let docker_version: DockerVersion = Arc::new(move || docker.runtime_version(Runtime::Docker));
    let (paths, version) = (settings.paths.clone(), Arc::clone(&docker_version));
    let read_machine: ReadMachine = Arc::new(move || pages::Machine::read(&paths, version()));
    let machine = Machine::new(settings.paths, docker_version, with_topology);
    registry.collector("machine", Box::new(machine));
    for group in settings.groups {
        let reader = Arc::clone(&reader);
        registry.collector(group.name, Box::new(GroupCollector { reader, group }));
    }
    let troubles: Troubles = Arc::new(move || inventory.problems());
    let pages = ContainerPages::new(reader, troubles, read_machine);
    let pages = pages.map_err(|error| vec![format!("starting a thread: {error}")])?;
    Ok(Exporter {
        registry,
        pages: Box::new(pages),
        web: None,
    })
}

/// How many files may stay open. As programs in Go do, this one takes as many descriptors as the system lets it.
fn most_open() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    let now = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised.current,
        Err(_) => limit.current,
    };
    // No limit at all is none.
    let left = now.unwrap_or(u64::MAX).saturating_sub(RESERVED);
    left.min(MOST_OPEN) as usize
}

/// Writes one group. The first of a scrape reads for all.
struct GroupCollector {
    reader: Arc<Reader>,
    group: &'static Group,
}

impl Collector for GroupCollector {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        (self.group.encode)(&self.reader.read(), out);
        Ok(())
    }
}
