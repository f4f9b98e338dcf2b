//! Pod sandboxes: a network namespace with an address from the node's subnet, as the bridge and host-local
//! plugins of CNI make it.

use ipnet::Ipv4Net;
use linux::net::{Net, NetnsId};
use linux::{Errno, Host};
use sim::SortedSet;
use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};

/// Addresses of a node's pods, handed out one after the other; after the last comes the first that is free.
pub struct AddressPool {
    subnet: Ipv4Net,
    state: RefCell<PoolState>,
}

struct PoolState {
    last: u32,
    taken: SortedSet<u32>,
}

impl AddressPool {
    /// The pool of a subnet; its first address is the bridge's.
    pub fn new(subnet: Ipv4Net) -> Self {
        AddressPool { subnet, state: RefCell::new(PoolState { last: 1, taken: SortedSet::new() }) }
    }

    /// The next free address.
    pub fn take(&self) -> Option<Ipv4Addr> {
        let base = u32::from(self.subnet.network());
        let count = 1u32 << (32 - u32::from(self.subnet.prefix_len()));
        let mut state = self.state.borrow_mut();
        let mut offset = state.last;
        for _ in 0..count {
            offset = if offset + 1 >= count - 1 { 2 } else { offset + 1 };
            if state.taken.insert(offset) {
                state.last = offset;
                return Some(Ipv4Addr::from(base + offset));
            }
        }
        None
    }

    /// Gives an address back.
    pub fn release(&self, address: Ipv4Addr) {
        let offset = u32::from(address).wrapping_sub(u32::from(self.subnet.network()));
        self.state.borrow_mut().taken.remove(&offset);
    }

    /// How long the subnet's prefix is.
    pub fn prefix_len(&self) -> u8 {
        self.subnet.prefix_len()
    }
}

/// Where the containers of a pod live.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// Its id, 64 hexadecimal digits.
    pub id: String,
    /// Their network.
    pub netns: NetnsId,
    /// Their address.
    pub address: Ipv4Addr,
    /// True on the host's own network.
    pub host_network: bool,
}

/// Makes the network of a pod: a namespace, a pair of interfaces, a port of the bridge `cni0`.
pub fn set_up(host: &Host, pool: &AddressPool, name: &str, id: String) -> Result<Sandbox, String> {
    let address = pool.take().ok_or_else(|| {
        "plugin type=\"bridge\" failed (add): failed to allocate for range 0: no IP addresses available in range set"
            .to_string()
    })?;
    let net = host.net();
    let netns = net.create_namespace(name);
    match attach(host, net, netns, address, pool.prefix_len()) {
        Ok(_) => Ok(Sandbox { id, netns, address, host_network: false }),
        Err(errno) => {
            net.delete_namespace(netns);
            pool.release(address);
            Err(format!("plugin type=\"bridge\" failed (add): {}", errno.text().to_lowercase()))
        }
    }
}

fn attach(
    host: &Host,
    net: &Net,
    netns: NetnsId,
    address: Ipv4Addr,
    prefix_len: u8,
) -> Result<String, Errno> {
    let subnet = ipnet::IpNet::new(IpAddr::V4(address), prefix_len).map_err(|_| Errno::EINVAL)?;
    net.attach_container(host.namespaces().netns, "cni0", netns, subnet)
}

/// Takes it down.
pub fn tear_down(host: &Host, pool: &AddressPool, sandbox: &Sandbox) {
    if !sandbox.host_network {
        host.net().delete_namespace(sandbox.netns);
        pool.release(sandbox.address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_count_up_and_come_back_last() {
        let pool = AddressPool::new("10.244.1.0/29".parse().expect("a subnet"));
        let take = || pool.take().map(|a| a.octets()[3]);
        assert_eq!([take(), take(), take()], [Some(2), Some(3), Some(4)]);
        pool.release([10, 244, 1, 2].into());
        let take = || pool.take().map(|a| a.octets()[3]);
        assert_eq!([take(), take(), take(), take()], [Some(5), Some(6), Some(2), None]);
    }
}
