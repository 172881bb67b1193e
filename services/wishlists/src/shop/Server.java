package shop;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** A port: who connects has a thread. It stops without failing a request. */
public final class Server {
    private static final int MOST_CONNECTIONS = 1000;
    /** So many bodies of more than 16 KiB are held at a time: with all that is read from one, it takes some 6 MiB of the heap. */
    private static final int LARGE = 3;

    final Wire.Handler handler;
    private final ServerSocket listening;
    private final Set<Wire> open = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = threads();
    private final Semaphore large = new Semaphore(LARGE);
    private volatile boolean draining;
    private volatile boolean closing;

    public Server(int port, Wire.Handler handler) throws IOException {
        this.handler = handler;
        listening = new ServerSocket();
        listening.setReuseAddress(true);
        listening.bind(new InetSocketAddress(port), 512);
    }

    /** Virtual threads where Java has them (21), else threads of the system with small stacks. */
    private static ExecutorService threads() {
        try {
            return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        } catch (ReflectiveOperationException e) {
            return Executors.newCachedThreadPool(work -> {
                Thread thread = new Thread(null, work, "connection", 256 << 10);
                thread.setDaemon(true);
                return thread;
            });
        }
    }

    public int port() {
        return listening.getLocalPort();
    }

    public void start() {
        Thread accepting = new Thread(null, this::accept, "accept-" + port(), 256 << 10);
        accepting.setDaemon(true);
        accepting.start();
    }

    private void accept() {
        while (!closing) {
            try {
                Socket socket = listening.accept();
                // Who asks nothing makes room for who might.
                if (open.size() >= MOST_CONNECTIONS) for (Wire w : open) if (w.endIdle()) break;
                Wire wire = new Wire(socket, this);
                open.add(wire);
                threads.execute(wire);
            } catch (IOException e) {
                if (!closing) pause(50); // out of file descriptors: some end meanwhile
            }
        }
    }

    void forget(Wire wire) {
        open.remove(wire);
    }

    boolean draining() {
        return draining;
    }

    boolean closing() {
        return closing;
    }

    /** Waits for a moment until a large body may be held; 503 when it may not. */
    boolean mayBeLarge() {
        try {
            if (large.tryAcquire(1, TimeUnit.SECONDS)) return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw Problem.unavailable("Too many large bodies come at the moment.");
    }

    void wasLarge() {
        large.release();
    }

    /** From now on each answer is the last of its connection. */
    public void goodbye() {
        draining = true;
    }

    /** No new connection; what is in flight has `limit` ms. Tells whether all was answered. */
    public boolean close(long limit) {
        closing = true;
        try {
            listening.close();
        } catch (IOException e) {
            // it is closed
        }
        for (long end = System.nanoTime() + limit * 1_000_000; System.nanoTime() < end; pause(10)) {
            open.removeIf(Wire::endIdle);
            if (open.isEmpty()) return true;
        }
        open.forEach(Wire::abort);
        return false;
    }

    static void pause(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
