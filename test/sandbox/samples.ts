/** Things that users upload, made once for these tests; their private halves were never kept. */
export const certificatePem = `-----BEGIN CERTIFICATE-----
MIIDHzCCAgegAwIBAgIUFJ2cbIn/wweah7QlWYVeslz0DrgwDQYJKoZIhvcNAQEL
BQAwHjEcMBoGA1UEAwwTbXVzdGVyLXNhbmRib3gtdGVzdDAgFw0yNjExMjMyMzQx
MzVaGA8yMTI2MTAzMDIzNDEzNVowHjEcMBoGA1UEAwwTbXVzdGVyLXNhbmRib3gt
dGVzdDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAKBVIBCrzkb5Nom8
e2TBdtP7pHKahlD9OsaTF+MJXdMHQg1W+PtxqWHdTCoAf63kCd+YfaRP+rHJGgdi
9Iu61q9aiRH9yASr8S2aH9gJKufXg5udyT7/WxyM6EKAM5kUMGnMaPnYNenr3OwW
hL2bNqMzfOnLJn4eWnA+rSxdwz8jEd8PEkIfDoOh6yb421rnIuqJTEbp+4/COw7W
f0mhOseAFsHmh6+LXM4ug27IIiYjcNTOxXTP/Fi9VZJFEa4Jfrkgc9jJHlPJSNiH
HG7qnqkxakNRc5iFe1759HwoBC5UWRkfecbVzo/v8NVY6MqW9OoESeVXNAvJHMhO
UYJEOqMCAwEAAaNTMFEwHQYDVR0OBBYEFCewu9h8lGjy1INyfHk2edmofSKKMB8G
A1UdIwQYMBaAFCewu9h8lGjy1INyfHk2edmofSKKMA8GA1UdEwEB/wQFMAMBAf8w
DQYJKoZIhvcNAQELBQADggEBACb+GWWN2Ypmrw2Hosx8WoPAjTqvsPcsZmCA5NpH
kYo/sbEUjbRhPzUOX6+SD1HoMEnvCTvyqtg0Y9OX5tDpdqQg+1YcMLWahZNCNKW6
kJm3BktYUN4Sm1oadBUMWEHKYR1RfU8Lu+8o/gRY62SpP/4K1W9uh1BjtlrrccJQ
CxXgmcuaC8+O737afhVYSyvfmFeUUP3qGopumyuERkale0+Px1yNGnKDpOewdsAm
rS4ivvPPopWk2iNNCH6VDVsH4Vahd6M/IzYy9Qj24/6eUcKnhIyaurvLxcKIOrQM
w5xQwQaQypzk9g9ozhMg1ju2Qh+wf4CkV7SyxOAcSEUN9hk=
-----END CERTIFICATE-----`

export const sshPublicKey =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCxDht7HI6kF/HZ6DqHBUcL8QvilbJ+kNMzh9BebeOn4mKGCoDqZSlBETIffBX7Q2c5rksWiTrHuzeUFJjdE/+RR02NE/CyO08ddWw2GPvif8PbJuF8+EoSJ1UHAlD/bdvxPcu++y0evqWNNMxuT2FB8t5kfzBW2zrjLEal8DQ2UV85n+ECOwRYkMm9OgkgYW69WFwRoWNiypglk7S6oOB5ZWrwTpwjF91YK1/uzE0SsnGDsmQBXhteWy3ZxrGJ67+qC2/mVhNwJ7ybj0jfdvl5x5ws13JWxhjz5KlFI03LItpFH0DUOZcPcpk2Natal+gcyzc3s3taArzlxLwcE5yv muster'

export const readBuckets = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Sid: 'Read', Effect: 'Allow', Action: ['s3:GetObject'], Resource: 'arn:aws:s3:::reports/*' }],
})

export const listBuckets = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
})

/** The least that IAM takes for a company's directory: a thousand characters, and an entity. */
export const samlMetadata = `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://directory.example.com"><!-- ${'-'.repeat(1000).replaceAll('--', '. ')} --></EntityDescriptor>`
