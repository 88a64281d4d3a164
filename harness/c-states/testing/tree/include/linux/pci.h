/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SMALL_PCI_H
#define SMALL_PCI_H
#include <linux/device.h>

struct pci_bus {
	int number;
};

struct pci_host_bridge {
	struct list_head windows, dma_ranges;
};

struct pci_dev {
	struct pci_bus *bus;
	bool untrusted;
	struct device dev;
};

#define to_pci_dev(device) container_of(device, struct pci_dev, dev)

extern struct bus_type pci_bus_type;
#endif
