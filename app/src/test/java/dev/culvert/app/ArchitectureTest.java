package dev.culvert.app;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The walls of the design, section 3: each stops a real mistake.
class ArchitectureTest {
    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.culvert");

    private static final String PROTO = "dev.culvert.proto..";
    private static final String MODEL = "dev.culvert.model..";
    private static final String[] PURE = {PROTO, MODEL};
    private static final String[] INPUT_OUTPUT = {
        "java.net.http..",
        "java.nio.file..",
        "java.nio.channels..",
        "java.util.logging..",
        "org.slf4j..",
        "java.util.concurrent.locks..",
        "java.lang.foreign.."
    };
    private static final Set<String> CLOCKS = Set.of(
            "java.lang.System.nanoTime",
            "java.lang.System.currentTimeMillis",
            "java.time.Instant.now",
            "java.time.Clock.systemUTC",
            "java.time.LocalDateTime.now",
            "java.time.ZonedDateTime.now");
    private static final Set<String> SOURCES_OF_CHANCE =
            Set.of("java.util.Random", "java.security.SecureRandom", "java.util.concurrent.ThreadLocalRandom");
    private static final Set<String> OUTSIDE = Set.of(
            "java.lang.Thread",
            "java.lang.ProcessBuilder",
            "java.net.Socket",
            "java.net.ServerSocket",
            "java.net.DatagramSocket",
            "java.io.File",
            "java.io.FileInputStream",
            "java.io.FileOutputStream");

    @Test
    void proto_needsNothingButTheJdk() {
        classes()
                .that()
                .resideInAPackage(PROTO)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage("java..", "javax.crypto..", "org.jspecify..", PROTO))
                .check(MAIN);
    }

    @Test
    void model_needsProtoForAddressesTextsAndHttpsFormsAndTheYamlEngine() {
        classes()
                .that()
                .resideInAPackage(MODEL)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "java..",
                        "org.jspecify..",
                        "org.snakeyaml.engine..",
                        "dev.culvert.proto.inet..",
                        "dev.culvert.proto.text..",
                        "dev.culvert.proto.http..",
                        MODEL))
                .check(MAIN);
    }

    @Test
    void wireguardAndNetstack_doNotKnowEachOther() {
        noClasses()
                .that()
                .resideInAPackage("dev.culvert.proto.wireguard..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.culvert.proto.netstack..")
                .check(MAIN);
        noClasses()
                .that()
                .resideInAPackage("dev.culvert.proto.netstack..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.culvert.proto.wireguard..")
                .check(MAIN);
    }

    @Test
    void pureModules_readNoClock() {
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .accessTargetWhere(access("a clock", access -> CLOCKS.contains(target(access))))
                .check(MAIN);
    }

    @Test
    void pureModules_makeNoChance() {
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .accessTargetWhere(access(
                        "a source of chance made here",
                        access -> SOURCES_OF_CHANCE.contains(
                                        access.getTargetOwner().getName())
                                && access.getName().matches("<init>|current|getInstanceStrong|getInstance")))
                .check(MAIN);
    }

    @Test
    void pureModules_touchNoWorldOutside() {
        noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat(resideInAnyPackage(INPUT_OUTPUT)
                        .or(describe("threads, sockets, files", type -> OUTSIDE.contains(type.getName()))))
                .check(MAIN);
    }

    @Test
    void modules_knowOnlyThoseBelow() {
        noClasses()
                .that()
                .resideInAPackage("dev.culvert.dataplane..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.culvert.control..", "dev.culvert.app..")
                .check(MAIN);
        noClasses()
                .that()
                .resideInAPackage("dev.culvert.control..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.culvert.app..")
                .check(MAIN);
    }

    @Test
    void foreignMemory_isTheOperatingSystemsPackageOnly() {
        noClasses()
                .that(not(resideInAPackage("dev.culvert.dataplane.os..")))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.foreign..")
                .check(MAIN);
    }

    /// Futures of the tunnel and the handle of a bound socket may leave the data plane; nothing that carries bytes.
    @Test
    void netty_isTheDataPlanesOnly() {
        noClasses()
                .that(not(resideInAPackage("dev.culvert.dataplane..")))
                .should()
                .dependOnClassesThat(
                        resideInAPackage("io.netty..").and(not(resideInAPackage("io.netty.util.concurrent.."))))
                .check(MAIN);
    }

    @Test
    void packages_haveNoCycles() {
        for (String module : new String[] {"proto", "model", "control", "app"}) {
            slices().matching("dev.culvert." + module + ".(**)")
                    .should()
                    .beFreeOfCycles()
                    .check(MAIN);
        }
    }

    @Test
    void names_sayWhatAClassIs() {
        noClasses()
                .should()
                .haveNameMatching(".*(Impl|Utils?|Helper|Manager)(\\$.*)?")
                .orShould()
                .haveSimpleNameStartingWith("Abstract")
                .check(MAIN);
    }

    @Test
    void processEndAndStandardOutput_areTheCommandLinesOnly() {
        noClasses()
                .that(not(resideInAPackage("dev.culvert.app..")))
                .should()
                .accessTargetWhere(access(
                        "the process's end or standard streams",
                        access -> Set.of("java.lang.System.exit", "java.lang.System.out", "java.lang.System.err")
                                .contains(target(access))))
                .check(MAIN);
    }

    @Test
    void tests_doNotSleep() throws IOException {
        Path root = Path.of("..").toAbsolutePath().normalize();
        String sleep = "Thread" + ".sleep(";
        for (String module : new String[] {"proto", "client", "model", "dataplane", "control", "app"}) {
            Path tests = root.resolve(module).resolve("src/test/java");
            if (!Files.isDirectory(tests)) {
                continue;
            }
            try (Stream<Path> files = Files.walk(tests)) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    assertThat(Files.readString(file)).as(file.toString()).doesNotContain(sleep);
                }
            }
        }
    }

    private static String target(JavaAccess<?> access) {
        return access.getTargetOwner().getName() + "." + access.getName();
    }

    private static DescribedPredicate<JavaAccess<?>> access(
            String what, java.util.function.Predicate<JavaAccess<?>> predicate) {
        return describe(what, predicate);
    }
}
