/**
 * Which published recommendation each well-known check answers to: numbers of the CIS AWS Foundations Benchmark 7.0
 * and of AWS Foundational Security Best Practices. The names are those of the public scanner prowler, so that its
 * verdict and Muster's can be compared check by check.
 */
export interface References {
  readonly cis: readonly string[]
  readonly fsbp: readonly string[]
}

export const publishedChecks: Readonly<Record<string, References>> = {
  cloudtrail_cloudwatch_logging_enabled: { cis: [], fsbp: ['CloudTrail.5'] },
  cloudtrail_kms_encryption_enabled: { cis: ['4.5'], fsbp: ['CloudTrail.2'] },
  cloudtrail_log_file_validation_enabled: { cis: ['4.2'], fsbp: ['CloudTrail.4'] },
  cloudtrail_logs_s3_bucket_access_logging_enabled: { cis: ['4.4'], fsbp: ['CloudTrail.7'] },
  cloudtrail_logs_s3_bucket_is_not_publicly_accessible: { cis: [], fsbp: ['CloudTrail.6'] },
  cloudtrail_multi_region_enabled: { cis: ['4.1'], fsbp: ['CloudTrail.1'] },
  cloudtrail_s3_dataevents_read_enabled: { cis: ['4.9'], fsbp: [] },
  cloudtrail_s3_dataevents_write_enabled: { cis: ['4.8'], fsbp: [] },
  iam_avoid_root_usage: { cis: ['2.7'], fsbp: [] },
  iam_aws_attached_policy_no_administrative_privileges: { cis: ['2.14'], fsbp: ['IAM.1'] },
  iam_check_saml_providers_sts: { cis: ['2.19'], fsbp: [] },
  iam_customer_attached_policy_no_administrative_privileges: { cis: ['2.14'], fsbp: ['IAM.1'] },
  iam_inline_policy_no_administrative_privileges: { cis: [], fsbp: ['IAM.1'] },
  iam_no_expired_server_certificates_stored: { cis: ['2.17'], fsbp: [] },
  iam_no_root_access_key: { cis: ['2.4'], fsbp: ['IAM.4'] },
  iam_password_policy_expires_passwords_within_90_days_or_less: { cis: [], fsbp: ['IAM.7', 'IAM.10'] },
  iam_password_policy_lowercase: { cis: [], fsbp: ['IAM.7', 'IAM.10'] },
  iam_password_policy_minimum_length_14: { cis: ['2.8'], fsbp: ['IAM.7', 'IAM.10'] },
  iam_password_policy_number: { cis: [], fsbp: ['IAM.7', 'IAM.10'] },
  iam_password_policy_reuse_24: { cis: ['2.9'], fsbp: ['IAM.7', 'IAM.10'] },
  iam_password_policy_symbol: { cis: [], fsbp: ['IAM.7', 'IAM.10'] },
  iam_password_policy_uppercase: { cis: [], fsbp: ['IAM.7', 'IAM.10'] },
  iam_policy_attached_only_to_group_or_roles: { cis: ['2.13'], fsbp: [] },
  iam_policy_cloudshell_admin_not_attached: { cis: ['2.20'], fsbp: [] },
  iam_root_credentials_management_enabled: { cis: ['2.1.1'], fsbp: [] },
  iam_root_hardware_mfa_enabled: { cis: ['2.6'], fsbp: ['IAM.6'] },
  iam_root_mfa_enabled: { cis: ['2.5'], fsbp: [] },
  iam_rotate_access_key_90_days: { cis: ['2.12'], fsbp: ['IAM.3'] },
  iam_support_role_created: { cis: ['2.15'], fsbp: [] },
  iam_user_accesskey_unused: { cis: ['2.11'], fsbp: ['IAM.8', 'IAM.22', 'IAM.26'] },
  iam_user_console_access_unused: { cis: ['2.11'], fsbp: ['IAM.8', 'IAM.22', 'IAM.26'] },
  iam_user_mfa_enabled_console_access: { cis: ['2.10'], fsbp: ['IAM.5', 'IAM.19'] },
}
