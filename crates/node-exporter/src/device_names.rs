//! Names of network devices by the numbers that netlink's messages call them by, asked for in one go.

use exporter_toolkit::collector::CollectError;
use kernel_stats::rtnl_link;

use crate::netlink::failed;
use crate::netlink::table::Table;

/// The devices of one moment, sorted by number.
#[derive(Debug)]
pub(crate) struct DeviceNames<'a>(Vec<(u32, &'a str)>);

impl<'a> DeviceNames<'a> {
    /// The devices in a table of links.
    ///
    /// # Errors
    /// What the kernel said.
    pub(crate) fn read(links: &'a mut Table) -> Result<Self, CollectError> {
        let links = links.read().map_err(|error| failed("links", &error))?;
        let links = rtnl_link::parse(links).map_err(CollectError::failed)?;
        Ok(Self::new(links.iter().map(|link| (link.index, link.name)).collect()))
    }

    /// The devices with these numbers and names.
    pub(crate) fn new(mut names: Vec<(u32, &'a str)>) -> Self {
        names.sort_unstable();
        Self(names)
    }

    /// The name of the device with this number; `None` if there is none, or no longer.
    pub(crate) fn get(&self, number: u32) -> Option<&'a str> {
        let position = self.0.binary_search_by_key(&number, |(number, _)| *number);
        position
            .ok()
            .and_then(|position| self.0.get(position))
            .map(|(_, name)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_found_by_number() {
        let names = DeviceNames::new(vec![(7, "veth0"), (1, "lo"), (4, "eth0")]);
        let found = [1, 4, 5, 7].map(|number| names.get(number));
        assert_eq!(found, [Some("lo"), Some("eth0"), None, Some("veth0")]);
    }
}
