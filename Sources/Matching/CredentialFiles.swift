// Files that exist to hold credentials: where one lies, a value that would be a guess elsewhere is what it seems.

public import Model
public import RuleBook

/// What a path says of a finding.
public enum CredentialFiles {
  /// The confidence of a candidate, given where it was found: the path is evidence, and the bytes were judged without it.
  public static func confidence(_ confidence: Confidence, _ rule: Rule, in paths: [BytePath]) -> Confidence {
    guard confidence == .guess, rule.kind == .detector, paths.contains(where: { holds($0.bytes) }) else {
      return confidence
    }
    return .context
  }

  /// Whether the path is that of a program's own store of logins.
  static func holds(_ path: [UInt8]) -> Bool {
    let lowered = path.map(Bytes.lowered)
    let name = lowered.lastIndex(of: 0x2f).map { Array(lowered[($0 + 1)...]) } ?? lowered
    if names.contains(name) { return true }
    return endings.contains { ending in
      lowered.count >= ending.count && lowered[(lowered.count - ending.count)...].elementsEqual(ending)
    }
  }

  private static func list(_ text: String) -> [[UInt8]] { text.split(separator: " ").map { Array($0.utf8) } }

  /// Names of files, in lower case, from the manuals of the programs that keep them.
  private static let names = Set(
    list(
      """
      .netrc _netrc .pgpass pgpass.conf .my.cnf my.cnf .mylogin.cnf .htpasswd htpasswd .htdigest .dockercfg .npmrc .yarnrc .pypirc \
      .s3cfg .boto .git-credentials .gitconfig sftp-config.json sftp-config-alt.json sftp.json .ftpconfig .sftpconfig.json \
      .remote-sync.json deployment-config.json .ftppass .ftpquota .esmtprc .msmtprc .mailrc .muttrc .fetchmailrc .getmailrc \
      .offlineimaprc filezilla.xml sitemanager.xml recentservers.xml webservers.xml deployment.xml datasources.xml \
      datasources.local.xml dbeaver-data-sources.xml .dbeaver-data-sources.xml robomongo.json credentials.xml credentials-config.json \
      database.yml secrets.yml application.yml wp-config.php wp-config-sample.php config.inc.php configuration.php localsettings.php \
      config.php settings.php settings.py local_settings.py parameters.yml local.xml env.php ventrilo_srv.ini ts3server.ini .bashrc .bash_profile .bash_login \
      .bash_history .bash_aliases .zshrc .zshenv .zprofile .zsh_history .profile .cshrc .tcshrc .env .envrc web.config \
      terraform.tfvars terraform.tfstate prod.exs prod.secret.exs dev.secret.exs passwd shadow gshadow proftpdpasswd .smbcredentials \
      smbpasswd .cifs wpa_supplicant.conf .irssi accounts.xml logins.json key3.db tomcat-users.xml context.xml hibernate.cfg.xml \
      rclone.conf .rclone.conf .tugboat hub auth.json .composer-auth.json salesforce.js .vault-token .gem-credentials knife.rb \
      omniauth.rb secret_token.rb session_store.rb carrierwave.rb .rtorrent.rc .s3curl .aws-credentials .davfs2 secrets \
      .trc .sendgrid.env .kwalletrc ultravnc.ini mremoteng.xml confcons.xml winscp.ini idea.properties jenkins.xml inventory.ini
      """))

  private static let endings = list(
    """
    /.docker/config.json /.aws/credentials /.gem/credentials /.config/hub /.cargo/credentials /.cargo/credentials.toml \
    /.subversion/auth /.ssh/config /.irssi/config /.purple/accounts.xml /etc/shadow /etc/passwd /etc/ppp/chap-secrets \
    /etc/ppp/pap-secrets .tfvars .env .secret.exs .env.local .env.production .env.development .env.staging .nmconnection \
    .ovpn.auth /.idea/workspace.xml /.davfs2/secrets /credentials /.config/gh/hosts.yml /.kube/config /.chef/knife.rb
    """)
}
