package dev.culvert.dataplane;

import dev.culvert.dataplane.os.LinuxDatagrams;
import dev.culvert.dataplane.os.LinuxReturnPath;
import dev.culvert.dataplane.os.LinuxUdpPort;
import dev.culvert.dataplane.os.SteadyEpoll;
import dev.culvert.dataplane.relay.Splices;
import dev.culvert.dataplane.tcp.SocketSetup;
import dev.culvert.dataplane.tcp.TcpChannel;
import dev.culvert.dataplane.tcp.TcpServerChannel;
import dev.culvert.dataplane.tunnel.NioUdpPort;
import dev.culvert.dataplane.tunnel.UdpPort;
import dev.culvert.dataplane.udp.DatagramPorts;
import dev.culvert.model.Bind;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The event loops of a process and the kernel's sockets on them: epoll and batched UDP on Linux, the JDK's elsewhere.
///
/// The tunnel has one loop of its own. Visitors live on that same loop on machines of up to two cores, so that no byte
/// crosses a thread; see docs/threading.md.
public final class Loops implements AutoCloseable {
    // Where the JVM sees no more processors than this, a second loop would only compete with the first.
    private static final int SMALL_MACHINE = 2;

    // Of <asm-generic/socket.h> and <netinet/tcp.h>: the same on all architectures that Culvert is built for.
    private static final int SOL_SOCKET = 1;
    private static final int SO_MARK = 36;
    private static final int SOL_IP = 0;
    private static final int IP_TRANSPARENT = 19;
    private static final int SOL_IPV6 = 41;
    private static final int IPV6_TRANSPARENT = 75;

    // What connects faster than it is accepted waits in the kernel; beyond that it tries again.
    private static final int BACKLOG = 4096;

    private final boolean epoll;
    private final InheritedSockets inherited;
    private final MultiThreadIoEventLoopGroup tunnel;
    private final MultiThreadIoEventLoopGroup visitors;
    private final @Nullable Splices splices;
    private @Nullable LinuxDatagrams datagrams;

    private Loops(boolean epoll, int visitorLoops, InheritedSockets inherited) {
        this.epoll = epoll;
        this.inherited = inherited;
        boolean copies = "false".equals(System.getProperty("culvert.splice"));
        this.splices = epoll && !copies ? new Splices() : null;
        IoHandlerFactory handlers = epoll ? SteadyEpoll.newFactory() : NioIoHandler.newFactory();
        this.tunnel = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("tunnel", true), handlers);
        this.visitors = visitorLoops == 0
                ? tunnel
                : new MultiThreadIoEventLoopGroup(visitorLoops, new DefaultThreadFactory("visitor", true), handlers);
    }

    /// Loops for this machine. The property `culvert.io` set to `nio` forces the portable ones, `culvert.visitorLoops`
    /// their number (0: on the tunnel's loop).
    public static Loops forThisMachine() {
        return forThisMachine(InheritedSockets.none());
    }

    /// The same, with the sockets of the process before this one.
    public static Loops forThisMachine(InheritedSockets inherited) {
        boolean portable = "nio".equals(System.getProperty("culvert.io"));
        int processors = Runtime.getRuntime().availableProcessors();
        int loops = Integer.getInteger("culvert.visitorLoops", processors <= SMALL_MACHINE ? 0 : processors - 1);
        return new Loops(!portable && Epoll.isAvailable(), loops, inherited);
    }

    /// Loads what each loop and channel needs, so that it is there when they are made. Of use on any other thread
    /// only, and harmless.
    public static void preload() {
        nameSelectorProvider();
        if (Epoll.isAvailable()) {
            TcpChannel channel = new TcpChannel(SocketSetup.NONE);
            // Every pipeline asks its handlers what they skip and whether they are shared; for the first answers the
            // JDK spins proxies of annotations.
            channel.pipeline().addLast(new ChannelInboundHandlerAdapter());
            channel.unsafe().closeForcibly();
        }
        boolean _ = ChannelInitializer.class.isAnnotationPresent(ChannelHandler.Sharable.class);
    }

    /// Netty's epoll opens a selector of the JDK, once, to see that it could; where it is not named, the JDK looks for
    /// somebody else's in every jar.
    private static void nameSelectorProvider() {
        String key = "java.nio.channels.spi.SelectorProvider";
        String name = "sun.nio.ch.EPollSelectorProvider";
        try {
            if (System.getProperty(key) == null && Class.forName(name) != null) {
                System.setProperty(key, name);
            }
        } catch (ClassNotFoundException elsewhere) {
            // Another system than Linux, or another JDK: it looks.
        }
    }

    /// `epoll` or `nio`.
    public String kind() {
        return epoll ? "epoll" : "nio";
    }

    public IoEventLoop tunnel() {
        return tunnel.next();
    }

    public MultiThreadIoEventLoopGroup visitors() {
        return visitors;
    }

    /// Binds the tunnel's UDP socket, or takes the one that was inherited.
    ///
    /// @throws java.net.BindException if the address is taken or not allowed
    public UdpPort bindUdp(InetSocketAddress address) throws IOException {
        int descriptor = epoll ? inherited.take(InheritedSockets.udp(address)) : -1;
        if (descriptor >= 0) {
            return LinuxUdpPort.adopt(descriptor);
        }
        return epoll ? LinuxUdpPort.bind(address) : NioUdpPort.bind(address);
    }

    /// UDP sockets of this machine on the tunnel's loop; to be called there.
    ///
    /// @throws IOException where there is no epoll
    public DatagramPorts datagramPorts() throws IOException {
        if (!epoll) {
            throw new IOException("services of datagrams need Linux, and epoll (not -Dculvert.io=nio)");
        }
        LinuxDatagrams known = datagrams;
        if (known == null) {
            known = new LinuxDatagrams(tunnel());
            datagrams = known;
        }
        return known;
    }

    /// The socket that was inherited for a service of datagrams at `bind`; -1 if there is none.
    int inheritedService(Bind bind) {
        return epoll ? inherited.take(InheritedSockets.service(bind)) : -1;
    }

    /// What splicing relays share; null without epoll, and with `-Dculvert.splice=false`.
    @Nullable
    Splices splices() {
        return splices;
    }

    /// Connections that are probed while they are silent.
    public ChannelFactory<Channel> connections() {
        return epoll ? () -> new TcpChannel(SocketSetup.NONE) : Loops::portableConnection;
    }

    /// Connections that may be bound to the address of somebody else, whose answers come back by
    /// [LinuxReturnPath].
    public ChannelFactory<Channel> transparentConnections() {
        return () -> new TcpChannel(Loops::transparent);
    }

    private static void transparent(Socket fresh, boolean ipv6) throws IOException {
        fresh.setIntOpt(ipv6 ? SOL_IPV6 : SOL_IP, ipv6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, 1);
        fresh.setIntOpt(SOL_SOCKET, SO_MARK, LinuxReturnPath.LIVE);
        // A visitor's port may serve it for several targets.
        fresh.setReuseAddress(true);
    }

    private static NioSocketChannel portableConnection() {
        NioSocketChannel channel = new NioSocketChannel();
        channel.config().setKeepAlive(true);
        return channel;
    }

    /// Listening sockets, whose connections are probed while they are silent.
    public ChannelFactory<ServerChannel> listeners() {
        return epoll ? () -> new TcpServerChannel(SocketSetup.NONE, BACKLOG) : NioServerSocketChannel::new;
    }

    /// The same for a port that another socket of this process has, too, at an address of its own or an interface.
    ChannelFactory<ServerChannel> sharedListeners() {
        SocketSetup shared = (fresh, _) -> fresh.setReusePort(true);
        return epoll ? () -> new TcpServerChannel(shared, BACKLOG) : listeners();
    }

    /// Says to the JDK's sockets what those of epoll are made with.
    void settle(ServerBootstrap server) {
        if (!epoll) {
            server.option(ChannelOption.SO_BACKLOG, BACKLOG)
                    .option(ChannelOption.SO_REUSEADDR, true)
                    .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                    .childOption(ChannelOption.SO_KEEPALIVE, true);
        }
    }

    /// The listening socket that was inherited for `bind`, as a channel's factory; null if there is none.
    @Nullable
    ChannelFactory<ServerChannel> inheritedListener(Bind bind) {
        int descriptor = epoll ? inherited.take(InheritedSockets.tcp(bind)) : -1;
        return descriptor < 0 ? null : () -> new TcpServerChannel(descriptor);
    }

    ChannelFactory<Channel> datagrams() {
        return epoll ? EpollDatagramChannel::new : NioDatagramChannel::new;
    }

    /// The UDP socket that was inherited for HTTP/3 at `bind`, as a channel's factory; null if there is none.
    @Nullable
    ChannelFactory<Channel> inheritedDatagrams(Bind bind) {
        int descriptor = epoll ? inherited.take(InheritedSockets.quic(bind)) : -1;
        return descriptor < 0 ? null : () -> new EpollDatagramChannel(descriptor);
    }

    public ChannelFactory<ServerChannel> unixListeners() {
        return epoll ? EpollServerDomainSocketChannel::new : NioServerDomainSocketChannel::new;
    }

    public SocketAddress unixAddress(Path path) {
        return epoll ? new DomainSocketAddress(path.toString()) : java.net.UnixDomainSocketAddress.of(path);
    }

    @Override
    public void close() {
        visitors.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
        tunnel.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
