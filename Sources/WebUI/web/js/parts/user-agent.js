// A User-Agent header as words, for recognising one's own devices.

const PROGRAMS = [
  [/Edg\//, "Edge"], [/OPR\//, "Opera"], [/SamsungBrowser\//, "Samsung Internet"],
  [/Firefox\/|FxiOS\//, "Firefox"], [/HeadlessChrome\/|Chrome\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS = [
  [/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Android/, "Android"], [/Windows/, "Windows"],
  [/Mac OS X|Macintosh/, "macOS"], [/CrOS/, "ChromeOS"], [/Linux|X11/, "Linux"],
];

/** "Firefox on Windows"; for programs what they call themselves: "curl/8.5.0". */
export function deviceName(userAgent) {
  const found = (table) => table.find(([pattern]) => pattern.test(userAgent))?.[1];
  const program = found(PROGRAMS);
  const system = found(SYSTEMS);
  if (program && system) return `${program} on ${system}`;
  return program ?? (userAgent.split(" ")[0] || "Unknown program");
}
