from softswitch.signalling.udp_ports import UdpPorts


def test_a_port_given_back_is_the_last_to_be_used_again() -> None:
    ports = UdpPorts()
    ports.fill([20000, 20002, 20004])
    first = ports.lease()
    assert first == 20000
    ports.give_back(first, ports.generation)
    assert [ports.lease(), ports.lease(), ports.lease(), ports.lease()] == [20002, 20004, 20000, None]


def test_a_lease_of_a_media_process_that_died_is_not_taken_back() -> None:
    ports = UdpPorts()
    ports.fill([20000])
    before = ports.generation
    leased = ports.lease()
    assert leased == 20000
    ports.empty()
    assert (ports.lease(), ports.total) == (None, 0)
    ports.fill([20000])
    ports.give_back(leased, before)
    assert ports.free == 1
