package dev.culvert.app.install;

import dev.culvert.control.store.StateFolder;
import dev.culvert.model.Role;
import java.nio.file.Path;

/// The text of the unit file: how systemd starts a node, watches it, and walls it in.
public final class ServiceUnit {
    public static final String NAME = "culvert.service";
    /// The service's user, and the group whose members may use the admin socket.
    public static final String USER = "culvert";

    private static final String SANDBOX = """
            NoNewPrivileges=yes
            ProtectSystem=strict
            ProtectHome=yes
            PrivateTmp=yes
            PrivateDevices=yes
            PrivateMounts=yes
            DevicePolicy=closed
            ProtectClock=yes
            ProtectControlGroups=yes
            ProtectHostname=yes
            ProtectKernelLogs=yes
            ProtectKernelModules=yes
            ProtectKernelTunables=yes
            ProtectProc=invisible
            RemoveIPC=yes
            RestrictNamespaces=yes
            RestrictRealtime=yes
            RestrictSUIDSGID=yes
            LockPersonality=yes
            KeyringMode=private
            # AF_NETLINK: the C library asks the kernel which address families it has before it resolves a name.
            RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
            SystemCallArchitectures=native
            SystemCallFilter=@system-service
            SystemCallFilter=~@privileged @resources
            SystemCallErrorNumber=EPERM
            # Without MemoryDenyWriteExecute, for the JVM writes the code that it runs; without ProcSubset=pid, for
            # the JVM reads this machine's memory and addresses there.
            """;

    // A user namespace would take the right to the host's low ports away again.
    private static final String GATEWAY_RIGHTS = """
            AmbientCapabilities=CAP_NET_BIND_SERVICE
            CapabilityBoundingSet=CAP_NET_BIND_SERVICE""";
    private static final String SITE_RIGHTS = """
            AmbientCapabilities=
            CapabilityBoundingSet=
            PrivateUsers=yes""";

    private ServiceUnit() {}

    /// @param program the start script, by its absolute path
    /// @param config the configuration file, by its absolute path
    public static String text(Role role, Path program, Path config) {
        return """
                # Written by `culvert install %1$s`; to change it: systemctl edit culvert
                [Unit]
                Description=Culvert %1$s: services at home, on the internet
                Documentation=man:systemd.service(5)
                # Not network-online: what listens does so at once, and what calls calls until it is answered.
                After=network.target nss-lookup.target
                StartLimitIntervalSec=0

                [Service]
                Type=notify
                ExecStart=%2$s %1$s --config %3$s --state %4$s
                # By the shell: not every machine has a program `kill`.
                ExecReload=/bin/sh -c "kill -HUP $$MAINPID"
                Restart=always
                RestartSec=2
                # The configuration is broken, or the site has not joined: a restart would not mend it.
                RestartPreventExitStatus=78
                # The JVM's word for "ended by SIGTERM".
                SuccessExitStatus=143
                TimeoutStartSec=60
                TimeoutStopSec=20
                WatchdogSec=30
                LimitNOFILE=65536
                # A core would hold keys.
                LimitCORE=0

                User=%5$s
                Group=%5$s
                UMask=0077
                StateDirectory=culvert
                StateDirectoryMode=0750
                WorkingDirectory=%4$s

                %6$s
                %7$s
                [Install]
                WantedBy=multi-user.target
                """.formatted(word(role), program, config, StateFolder.INSTALLED, USER, rights(role), SANDBOX);
    }

    private static String rights(Role role) {
        return switch (role) {
            case GATEWAY -> GATEWAY_RIGHTS;
            case SITE -> SITE_RIGHTS;
        };
    }

    /// The role as the command line writes it.
    static String word(Role role) {
        return switch (role) {
            case GATEWAY -> "gateway";
            case SITE -> "site";
        };
    }
}
