package test;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Runs every method without parameters of every class that ends in Test: arguments are parts of names. One that throws is FAIL, and no test at all is one, too. */
public final class Run {
    private Run() {}

    public static void main(String[] parts) throws Exception {
        int passed = 0;
        List<String> failed = new ArrayList<>();
        for (Method test : tests()) {
            String name = test.getDeclaringClass().getSimpleName() + "." + test.getName();
            if (parts.length > 0 && Stream.of(parts).noneMatch(name::contains)) continue;
            long began = System.nanoTime();
            try {
                test.invoke(test.getDeclaringClass().getDeclaredConstructor().newInstance());
                passed++;
                System.out.printf("ok   %s %d ms%n", name, (System.nanoTime() - began) / 1_000_000);
            } catch (InvocationTargetException e) {
                failed.add(name);
                System.out.println("FAIL " + name + ": " + e.getCause());
                e.getCause().printStackTrace(System.out);
            }
        }
        System.out.println(passed + " passed, " + failed.size() + " failed " + failed);
        Runtime.getRuntime().exit(failed.isEmpty() && passed > 0 ? 0 : 1); // with what the tests started
    }

    private static List<Method> tests() throws Exception {
        Path root = Path.of(Run.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        List<Method> all = new ArrayList<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(f -> f.toString().endsWith("Test.class")).sorted().toList()) {
                String name = root.relativize(file).toString().replace(".class", "").replace('/', '.');
                for (Method m : Class.forName(name).getMethods()) if (m.getDeclaringClass().getName().equals(name) && m.getParameterCount() == 0) all.add(m);
            }
        }
        all.sort(Comparator.comparing((Method m) -> m.getDeclaringClass().getName()).thenComparing(Method::getName));
        return all;
    }
}
