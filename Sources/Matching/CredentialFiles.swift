// Files that exist to hold credentials: where one lies, a value that would be a guess elsewhere is what it seems.

public import Model
public import RuleBook

/// What a path says of a finding.
public enum CredentialFiles {
  /// The confidence of a candidate, given where it was found: the path is evidence, and the bytes were judged without it.
  /// Nil where it is worth nothing there.
  public static func confidence(_ confidence: Confidence, _ rule: Rule, in paths: [BytePath]) -> Confidence? {
    if rule.isByName {
      return paths.contains { isSole($0.bytes) } ? .context : nil
    }
    if !rule.paths.isEmpty { return confidenceByEnding(confidence, rule, paths) }
    guard confidence == .guess, rule.kind == .detector, paths.contains(where: { holds($0.bytes) }) else {
      return confidence
    }
    return .context
  }

  /// A rule of certain files counts for one step less in others.
  private static func confidenceByEnding(_ confidence: Confidence, _ rule: Rule, _ paths: [BytePath]) -> Confidence {
    let endings = rule.paths.map { Array($0.utf8) }
    let isAtHome = paths.contains { path in endings.contains { ends(path.bytes, with: $0) } }
    if isAtHome { return confidence }
    return confidence == .structure ? .context : confidence == .context ? .guess : confidence
  }

  /// Whether the path ends in these bytes; one that begins with a slash stands for whole names.
  private static func ends(_ path: [UInt8], with ending: [UInt8]) -> Bool {
    if ending.first == 0x2f, path.elementsEqual(ending.dropFirst()) { return true }
    return path.count >= ending.count && path[(path.count - ending.count)...].elementsEqual(ending)
  }

  private static func name(_ path: [UInt8]) -> [UInt8] {
    path.lastIndex(of: 0x2f).map { Array(path[($0 + 1)...]) } ?? path
  }

  /// Whether the path is that of a program's own store of logins.
  static func holds(_ path: [UInt8]) -> Bool {
    let lowered = path.map(Bytes.lowered)
    return names.contains(name(lowered)) || endings.contains { ends(lowered, with: $0) }
  }

  /// Whether a file of that name holds a secret, or logins, and nothing else.
  static func isSole(_ path: [UInt8]) -> Bool {
    let lowered = path.map(Bytes.lowered)
    return soleNames.contains(name(lowered)) || soleEndings.contains { ends(lowered, with: $0) }
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
      .trc .sendgrid.env .kwalletrc ultravnc.ini mremoteng.xml confcons.xml winscp.ini idea.properties jenkins.xml inventory.ini \
      gradle.properties keystore.properties signing.properties .credentials credentials.sbt rabbitmq.conf rabbitmq.config redis.conf \
      sip.conf pjsip.conf iax.conf manager.conf voicemail.conf hostapd.conf slapd.conf ldap.conf nslcd.conf sssd.conf smb.conf \
      chap-secrets pap-secrets ipsec.secrets sasl_passwd mumble-server.ini murmur.ini server.properties znc.conf irc.conf accounts.json \
      .transifexrc .rediscli_history .mysql_history .psql_history .dbshell .irb_history .python_history .node_repl_history .history \
      .sqlite_history .rcon .lftprc .ncftprc .curlrc .wgetrc .subversion .hgrc mercurial.ini odbc.ini .odbc.ini jaas.conf krb5.conf \
      grafana.ini kibana.yml elasticsearch.yml prometheus.yml alertmanager.yml definitions.json mongoid.yml .mongorc.js \
      connect.properties jdbc.properties db.properties database.properties mail.properties local.properties secrets.properties \
      secrets.json secrets.toml secret.json vault.yml unattend.xml autounattend.xml sysprep.inf \
      groups.xml kickstart.cfg ks.cfg preseed.cfg user-data standalone.xml domain.xml parameters.ini local.php db.php database.php \
      settings.xml settings-security.xml security.xml hudson.util.secret persistence.xml app.config snmpd.conf clients.conf \
      appsettings.json appsettings.development.json appsettings.staging.json appsettings.production.json local.settings.json ssmtp.conf \
      revaliases server.xml haproxy.cfg wgetrc curlrc .wakatime.cfg kaggle.json .authinfo .flyrc .databrickscfg secrets.yaml secrets.yml odoo.conf airflow.cfg \
      supervisord.conf telegraf.conf .snowflake nzbget.conf sabnzbd.ini turnserver.conf fstab pip.conf .pip.conf .bundle.config vncpasswd router.cfg running-config startup-config
      """))

  private static let endings = list(
    """
    /.docker/config.json /.aws/credentials /.gem/credentials /.config/hub /.cargo/credentials /.cargo/credentials.toml \
    /.subversion/auth /.ssh/config /.irssi/config /.purple/accounts.xml /etc/shadow /etc/passwd /etc/ppp/chap-secrets \
    /etc/ppp/pap-secrets .tfvars .env .secret.exs .env.local .env.production .env.development .env.staging .nmconnection \
    .ovpn .remmina .rdp .vnc /.bundle/config /.config/doctl/config.yaml /.mc/config.json /.rclone.conf /.sbt/.credentials /.m2/settings.xml \
    .auto.tfvars .tfvars.json .env.test .env.backup .env.old .env.bak .env.dev .env.prod /mosquitto/passwd /freeradius/users \
    .ovpn.auth /.idea/workspace.xml /.davfs2/secrets /credentials /.config/gh/hosts.yml /.kube/config /.chef/knife.rb
    """)

  /// Names of files that hold a secret, or lines of logins, and nothing else.
  private static let soleNames = Set(
    list(
      """
      master.key .vault_pass .vault_pass.txt .vault-pass .vault-password .vault_password vault_pass vault_pass.txt vault-password \
      vault_password .vault-token .vaulttoken .htpasswd htpasswd htpasswd.users .htdigest htdigest htpasswd.txt .passwd chap-secrets \
      pap-secrets sasl_passwd sasl-passwd mgmt-users.properties application-users.properties mongodb-keyfile mongo-keyfile keyfile \
      mongod.key mongo.key .erlang.cookie .token .secret .api_key .apikey .password password.txt passwords.txt passwd.txt secret.txt \
      secrets.txt token.txt api_key.txt apikey.txt key.txt auth.txt pass.txt credentials.txt creds.txt login.txt logins.txt vsftpd_login.txt \
      vsftpd-login.txt virtual-users.txt login.conf userpass.txt user-pass.txt vpn-auth.txt secret_key secret.key secret_key_base \
      .secret_key .secret_key_base django_secret_key .jwt_secret jwt_secret session.secret .rsync.secret rsyncd.secrets rsyncd.scrt \
      .rsyncpass .pypirc_password .pgpassword my_password .mysql_password root_password db_password db_password.txt access_token \
      .access_token github_token .github_token gitlab_token .gitlab_token slack_token deploy_token npm_token admin_password \
      admin-password .admin_password secrets.tdb bootstrap-token dropbox_token keycode passwd.client ldap.secret
      """))

  private static let soleEndings = list(
    """
    /config/credentials/production.key /config/credentials/staging.key /config/credentials/development.key /config/credentials/test.key \
    /.gem/credentials /davfs2/secrets /.davfs2/secrets /secrets/hudson.util.secret /secrets/initialadminpassword /secrets/master.key .htpasswd \
    .htdigest /etc/mosquitto/passwd /run/secrets/password /radcli/servers /radiusclient/servers
    """)
}

extension Rule {
  /// Whether what it finds is a secret only under certain names of files.
  public var isByName: Bool { detector == GenericKind.file.rawValue }
}
