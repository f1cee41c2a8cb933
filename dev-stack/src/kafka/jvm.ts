import { fileURLToPath } from 'node:url';
import { startCommand, type RunningProcess } from '../child-process.ts';
import { archiveFolder, archiveOf, fromArchive } from './class-archive.ts';
import { findJava } from './java.ts';
import { howToGet, jarFolder } from './jars.ts';

export interface JvmOptions {
  /** Largest heap, as -Xmx takes it. */
  readonly heap?: string;
  /** Further options of Java. */
  readonly javaOptions?: readonly string[];
  /** Everything printed goes here too. */
  readonly logFile?: string;
  /** Folder in which Java leaves an archive of the classes it loaded when it ends in good order. */
  readonly recordClasses?: string;
}

export interface JavaProgram extends JvmOptions {
  readonly name: string;
  readonly main: string;
  readonly args: readonly string[];
  /** Private folder for what libraries unpack. */
  readonly scratch: string;
  readonly ready: 'spawned' | ((line: string) => boolean);
}

/** A Java program with the jars of Kafka, Connect and Debezium; ends with this process. */
export async function startJava(program: JavaProgram): Promise<RunningProcess> {
  const java = await findJava();
  if (java === undefined) throw new Error(`Java was not found. ${howToGet}`);
  const jars = await jarFolder();
  const classes = program.recordClasses
    ? [`-XX:ArchiveClassesAtExit=${archiveOf(program.recordClasses, program.main)}`]
    : await fromArchive(await archiveFolder(java, jars), program.main);
  const options = [
    ...classes,
    `-Xmx${program.heap ?? '512m'}`,
    '-XX:+UseSerialGC',
    '-XX:+ExitOnOutOfMemoryError',
    '-Djava.awt.headless=true',
    // Both leave files behind in the common /tmp when Java is killed.
    '-XX:-UsePerfData',
    `-Djava.io.tmpdir=${program.scratch}`,
    `-XX:ErrorFile=${program.scratch}/hs_err.log`,
    `-Dlog4j2.configurationFile=${fileURLToPath(new URL('log4j2.properties', import.meta.url))}`,
    ...(program.javaOptions ?? ['-XX:TieredStopAtLevel=1']),
  ];
  return startCommand({
    name: program.name,
    command: java,
    args: [...options, '-cp', `${jars}/*`, program.main, ...program.args],
    cwd: program.scratch,
    env: { JAVA_TOOL_OPTIONS: undefined, JDK_JAVA_OPTIONS: undefined, CLASSPATH: undefined },
    ready: program.ready,
    ...(program.logFile ? { logFile: program.logFile } : {}),
  });
}

/** Text of a Java properties file. */
export const properties = (settings: Readonly<Record<string, string>>): string =>
  `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}`)
    .join('\n')}\n`;

/** Tries until it works: a killed program's port and files can need a moment to come free. */
export async function untilItWorks<T>(attempt: () => Promise<T>, limitMs: number): Promise<T> {
  for (const deadline = Date.now() + limitMs; ;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
