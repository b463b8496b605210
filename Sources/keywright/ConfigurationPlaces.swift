// Where a keywright.toml is looked for, in order, and what keeps one that is there from being used.

internal import Posix

/// A place where the configuration may lie.
struct ConfigurationPlace {
  enum Role: String {
    /// `--config`.
    case flag = "--config"
    /// `$KEYWRIGHT_CONFIG`.
    case variable = "$KEYWRIGHT_CONFIG"
    /// The current directory.
    case current = "current directory"
    /// `$XDG_CONFIG_HOME/keywright`.
    case user = "user"
    /// `/etc/keywright`.
    case system = "system"
  }

  var path: String
  var role: Role

  /// Whether somebody pointed at exactly this file, or put it where only their own files lie.
  var isChosen: Bool { role != .current }
  /// Whether somebody named the file.
  var isNamed: Bool { role == .flag || role == .variable }

  /// The file's content, if it may be used; says why not otherwise.
  func read() throws -> TrustedFile { try TrustedFile(path, isChosen: isChosen) }
}

enum ConfigurationPlaces {
  static let fileName = "keywright.toml"

  /// All places that count, in order. One that is named is the only one.
  static func all(flag: String?) throws -> [ConfigurationPlace] {
    if let flag { return [ConfigurationPlace(path: flag, role: .flag)] }
    if let named = Surroundings.variable("KEYWRIGHT_CONFIG") {
      return [ConfigurationPlace(path: named, role: .variable)]
    }
    var places = [ConfigurationPlace(path: fileName, role: .current)]
    // Without a home there is no user's place; a scan in a bare container needs none.
    if let user = try? Surroundings.configurationDirectory() {
      places.append(ConfigurationPlace(path: "\(user)/\(fileName)", role: .user))
    }
    places.append(ConfigurationPlace(path: "\(Surroundings.systemDirectory)/\(fileName)", role: .system))
    return places
  }

  /// The file that applies to scans, read: the first that is there and may be used. One that was named has to be there.
  static func usable() throws -> TrustedFile? {
    for place in try all(flag: nil) where place.isNamed || Files.exists(place.path) {
      do {
        return try place.read()
      } catch let failure as Failure where failure.isAboutTrust && !place.isNamed {
        // Said by the commands that would use its keys; a scan is not about them.
        continue
      }
    }
    return nil
  }
}
