/* SPDX-License-Identifier: GPL-2.0-only */
/* One CPU and no interrupts. */
#ifndef __ASM_IRQFLAGS_H
#define __ASM_IRQFLAGS_H
#define arch_local_save_flags() 0UL
#define arch_local_irq_save() 0UL
#define arch_local_irq_restore(flags) ((void)(flags))
#define arch_local_irq_disable() ((void)0)
#define arch_local_irq_enable() ((void)0)
#define arch_irqs_disabled_flags(flags) ((void)(flags), 0)
#define arch_irqs_disabled() 0
#endif
