package dev.culvert.control.machine;

import java.net.InetAddress;

/// A listening TCP socket or a bound UDP socket of this machine.
///
/// @param port 1..65535
/// @param uid the user who made it
/// @param inode what a process that holds it has among its files
public record BoundSocket(Transport transport, InetAddress address, int port, int uid, long inode) {
    public enum Transport {
        TCP("tcp", "0A"),
        // A UDP socket without a peer stands as TCP_CLOSE.
        UDP("udp", "07");

        private final String word;
        private final String state;

        Transport(String word, String state) {
            this.word = word;
            this.state = state;
        }

        /// The state of such sockets in /proc/net.
        String state() {
            return state;
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /// Whether every address of the machine leads to it.
    public boolean onEveryAddress() {
        return address.isAnyLocalAddress();
    }
}
