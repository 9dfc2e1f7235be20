"""The machines: how each is started, and where its hardware is seen from the host."""

import os
import shutil
import subprocess
from dataclasses import dataclass

# One network card for all; the host is 10.0.2.2 in the guest.
NETWORK = ["-netdev", "user,id=net"]
VIRTIO = [*NETWORK, "-device", "virtio-net-pci,netdev=net,romfile="]


@dataclass(frozen=True)
class Machine:
    """What differs between the guests."""

    name: str
    arch: str
    program: str
    arguments: tuple
    boot: str
    modules: tuple
    # Which of the serial lines is root's console, and which the agent's.
    console: int = 0
    serials: int = 2
    line: str = "s1"
    dtb: str = ""
    # Nodes of the device tree that a person takes out to have what the board has (dtoverlay=disable-bt).
    without: tuple = ()
    # The register that shows the lamp's pin to the host, and its bit; 0 where gpio-sim is the only chip.
    levels: int = 0
    bit: int = 0
    pl061: bool = False
    # The board that its device tree must be known by, where one ships for it.
    board: str = ""
    # Two of tmp105 on one I2C bus, by these names.
    thermometers: bool = False
    # A machine that knows no date when it is switched on.
    clockless: bool = False
    gpio_sim: bool = True

    def command(self, kernel, initrd, folder):
        """QEMU's command line; sockets lie in `folder`."""
        arguments = [argument.replace("{folder}", folder) for argument in self.arguments]
        command = [self.program, *arguments, "-kernel", os.path.join(kernel, "vmlinuz"), "-initrd", initrd]
        if self.dtb:
            made = os.path.join(folder, self.dtb)
            shutil.copy(os.path.join(kernel, "dtb", self.dtb), made)
            for node in self.without:
                subprocess.run(["fdtput", "-r", made, node], check=True)
            command += ["-dtb", made]
        return [*command, "-append", f"{self.boot} panic=-1 quiet"]


MACHINES = {
    machine.name: machine
    for machine in (
        Machine(
            name="arm64",
            arch="arm64",
            program="qemu-system-aarch64",
            arguments=("-M", "virt", "-cpu", "cortex-a53", "-smp", "2", "-m", "512", *VIRTIO),
            boot="console=ttyAMA0",
            modules=("virtio_pci", "virtio_net", "gpio-pl061", "gpio-sim"),
            levels=0x0903_03FC,
            bit=2,
            pl061=True,
        ),
        Machine(
            name="armv7",
            arch="armhf",
            program="qemu-system-arm",
            # A 32-bit kernel reaches no card above 4 GB.
            arguments=("-M", "virt,highmem=off", "-cpu", "cortex-a15", "-smp", "2", "-m", "512", *VIRTIO),
            boot="console=ttyAMA0",
            modules=("virtio_pci", "virtio_net", "gpio-pl061", "gpio-sim"),
            levels=0x0903_03FC,
            bit=2,
            pl061=True,
        ),
        Machine(
            name="riscv64",
            arch="riscv64",
            program="qemu-system-riscv64",
            # The one UART of the machine is the console's; the agent's is a card.
            arguments=("-M", "virt", "-smp", "2", "-m", "512", *VIRTIO)
            + ("-chardev", "socket,id=card,path={folder}/s1,server=on,wait=off", "-device", "pci-serial,chardev=card"),
            boot="console=ttyS0",
            modules=("virtio_pci", "virtio_net", "8250_pci", "gpio-sim"),
            serials=1,
        ),
        Machine(
            name="raspi3b",
            arch="arm64",
            program="qemu-system-aarch64",
            arguments=("-M", "raspi3b", *NETWORK, "-device", "usb-net,netdev=net")
            + ("-device", "tmp105,id=hall,bus=i2c-bus.1,address=0x48")
            + ("-device", "tmp105,id=shed,bus=i2c-bus.1,address=0x49"),
            boot="console=ttyS1,115200",
            modules=("dwc2", "cdc_ether", "rndis_host", "i2c-bcm2835", "i2c-dev"),
            console=1,
            line="s0",
            # GPLEV0 of the BCM2837.
            levels=0x3F20_0034,
            bit=17,
            dtb="bcm2837-rpi-3-b.dtb",
            without=("/soc/serial@7e201000/bluetooth",),
            board="rpi3",
            thermometers=True,
            clockless=True,
            gpio_sim=False,
        ),
    )
}
