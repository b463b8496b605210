// Reads the values that a team's own files hold now, to look for them: which of them are worth it, and what they are
// called.

internal import Formats
public import Matching
internal import Model
internal import Posix
public import Secrets

/// Values to look for, from files.
public struct KnownFiles {
  /// A value that is not looked for.
  public struct Omission: Sendable, Equatable {
    /// Its name.
    public var key: String
    /// The file.
    public var file: String
    /// Why.
    public var reason: String
  }

  /// What is looked for.
  public private(set) var values = KnownValues([])
  /// What is not.
  public private(set) var omissions: [Omission] = []
  private static let maximumBytes = 16 << 20

  /// Reads the values of environment files and of other files of settings, each in the format that its name suggests.
  ///
  /// - Parameter held: values that are known from elsewhere, with what they are called.
  /// - Throws: if a file can't be read, or if nothing in all of them can be looked for.
  public init(_ paths: [String], held: [(name: String, value: Secret)] = []) throws(ScanError) {
    var named: [(name: String, value: [UInt8])] = []
    defer { for index in named.indices { wipe(&named[index].value) } }
    for (name, value) in held { named.append((name, value.copyBytes())) }
    for path in paths {
      for setting in try KnownFiles.settings(path) { take(setting, path, &named) }
    }
    values = KnownValues(named)
    guard !values.isEmpty else {
      let places = paths + (held.isEmpty ? [] : ["the ledger"])
      throw ScanError(
        reason: "no value of \(places.joined(separator: ", ")) can be looked for",
        hint: omissions.first.map { "\($0.key), for one, is \($0.reason)" } ?? "name a file that holds values")
    }
  }

  private mutating func take(_ setting: Setting, _ path: String, _ named: inout [(name: String, value: [UInt8])]) {
    // Where readers differ, what stands in the file is as good as any meaning.
    let secret = setting.value ?? setting.innerBytes
    var value = secret.copyBytes()
    defer { wipe(&value) }
    if value.isEmpty { return }
    let key = KnownFiles.printable(setting.key)
    if var password = KnownWorth.password(in: value) {
      defer { wipe(&password) }
      if KnownWorth.doubt(password, isSecret: true) == nil {
        named.append(("the password in \(key) in \(path)", password))
      }
    }
    if let reason = KnownWorth.doubt(value, isSecret: KnownWorth.isSecret(setting.key)) {
      omissions.append(Omission(key: key, file: path, reason: reason))
    } else {
      named.append(("\(key) in \(path)", value))
    }
  }

  private static func settings(_ path: String) throws(ScanError) -> [Setting] {
    var bytes: [UInt8]
    do { bytes = try Files.read(path, maximumBytes: maximumBytes) } catch {
      throw ScanError(reason: "--known \(path): \(error.reason)", hint: "name a file of settings that can be read")
    }
    defer { wipe(&bytes) }
    var formats = SettingFormat.inferred(from: path)
    if formats == [.yaml], isKubernetesSecret(bytes) { formats = [.kubernetesSecret] }
    var settings: [Setting] = []
    var failure: ScanError?
    for format in formats {
      do { settings += try format.parse(bytes, name: path) } catch {
        failure = ScanError(reason: "--known \(error)", hint: "it was read as \(format)")
      }
    }
    if settings.isEmpty, let failure { throw failure }
    return settings
  }

  private static func isKubernetesSecret(_ bytes: [UInt8]) -> Bool {
    bytes.split(separator: 0x0a).contains { line in
      line.starts(with: Array("kind:".utf8))
        && line.dropFirst(5).filter { !" \t\r\"'".utf8.contains($0) }.elementsEqual("Secret".utf8)
    }
  }

  /// A name that may be shown.
  private static func printable(_ key: String) -> String {
    String(
      String.UnicodeScalarView(
        key.unicodeScalars.prefix(80).map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }
}

/// Which values are worth looking for.
enum KnownWorth {
  /// Why a value is not looked for: it would be found everywhere, and say nothing. Nil if it is.
  ///
  /// - Parameter isSecret: whether its name says that it is one; a passphrase of words is then taken for what it is.
  static func doubt(_ value: [UInt8], isSecret: Bool) -> String? {
    if value.count < KnownValues.minimumBytes { return "shorter than \(KnownValues.minimumBytes) bytes" }
    if value.count > KnownValues.maximumBytes { return "longer than \(KnownValues.maximumBytes) bytes" }
    if value.allSatisfy({ isDigit($0) || "+-.,:/eE_ TZ".utf8.contains($0) }) && !(isSecret && value.allSatisfy(isDigit))
    {
      return "a number, a date or an address"
    }
    if common.contains(value.map(lowered)) { return "a common word" }
    if Proofs.isPlaceholder(value.span) { return "a placeholder" }
    if isPath(value) { return "a path" }
    if isAddress(value) { return "an address without a password" }
    if !isSecret && isWords(value) { return "made of words" }
    return nil
  }

  /// Whether a name says that its value is a secret.
  static func isSecret(_ key: String) -> Bool {
    let name = key.lowercased()
    return [
      "pass", "pwd", "secret", "token", "key", "auth", "cred", "private", "salt", "sign", "dsn", "webhook", "pin",
      "pepper",
    ].contains { KnownWorth.holds($0, in: Array(name.utf8)) }
  }

  /// The password of an address such as `scheme://user:password@host`.
  static func password(in value: [UInt8]) -> [UInt8]? {
    let mark = Array("://".utf8)
    guard value.count > mark.count,
      let scheme = (0..<value.count - mark.count).first(where: { value[$0..<$0 + mark.count].elementsEqual(mark) })
    else { return nil }
    let rest = value[(scheme + mark.count)...]
    let authority = rest.prefix { $0 != 0x2f && $0 != 0x3f && $0 != 0x23 }
    guard let at = authority.lastIndex(of: 0x40), let colon = authority[..<at].firstIndex(of: 0x3a) else { return nil }
    let password = Array(authority[(colon + 1)..<at])
    return Decoders.decode(password.span, [.percent])
  }

  private static func isPath(_ value: [UInt8]) -> Bool {
    let starts = ["/", "./", "../", "~/"].contains { value.starts(with: Array($0.utf8)) }
    guard starts || value.count > 2 && value[1] == 0x3a && value[2] == 0x5c else { return false }
    return value.split(whereSeparator: { $0 == 0x2f || $0 == 0x5c }).allSatisfy { !isRandom($0) }
  }

  /// An address or a host's name, of which no part looks random.
  private static func isAddress(_ value: [UInt8]) -> Bool {
    guard password(in: value) == nil, !value.contains(where: { $0 <= 0x20 }) else { return false }
    let hasScheme = holds("://", in: value)
    let isHost =
      value.contains(0x2e)
      && value.allSatisfy { isLetter($0) || isDigit($0) || ".-:@_".utf8.contains($0) }
      && value.split(separator: 0x2e).allSatisfy { $0.count < 24 }
      && value.last.map(isLetter) ?? false && !value.contains { $0 & 0xe0 == 0x40 && isLetter($0) }
    guard hasScheme || isHost else { return false }
    return value.split(whereSeparator: { "/?&=:@.#".utf8.contains($0) }).allSatisfy { !isRandom($0) }
  }

  /// Only words, with at most a short number behind each.
  private static func isWords(_ value: [UInt8]) -> Bool {
    value.split(whereSeparator: { " -_.:/,;@+".utf8.contains($0) }).allSatisfy { word in
      let letters = word.prefix(while: isLetter)
      let digits = word.dropFirst(letters.count)
      let isOneCase = letters.dropFirst().allSatisfy { $0 & 0x20 != 0 } || letters.allSatisfy { $0 & 0x20 == 0 }
      return digits.count <= 4 && digits.allSatisfy(isDigit) && letters.count <= 24 && isOneCase
    }
  }

  /// Letters and digits mixed in one long word.
  private static func isRandom(_ word: ArraySlice<UInt8>) -> Bool {
    word.count >= 16 && word.contains(where: isDigit) && word.contains(where: isLetter)
      || word.count >= 24 && word.contains { $0 & 0xe0 == 0x40 } && word.contains { $0 & 0xe0 == 0x60 }
  }

  private static func holds(_ word: String, in text: [UInt8]) -> Bool {
    Proofs.holds(anyOf: [Array(word.utf8)], text.span)
  }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }
  private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }

  private static let common: Set<[UInt8]> = Set(
    [
      "password", "passw0rd", "password1", "password123", "changeme", "changeit", "letmein1", "postgres", "postgresql",
      "localhost", "127.0.0.1", "development", "production", "staging1", "disabled", "required", "optional", "database",
      "username", "admin123", "administrator", "rabbitmq", "mongodb1", "guestguest", "rootroot", "testtest", "test1234",
      "secret123", "mypassword", "mysecret", "supersecret", "undefined", "anonymous", "unlimited", "standard",
    ].map { Array($0.utf8) })
}
